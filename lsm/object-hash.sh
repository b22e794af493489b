#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the SHA-256 of the linked BPF object as a C initialiser: what `run` compares with what is
# loaded, without hashing anything at run time.
set -eu
sum=$(sha256sum "$1" | cut -c1-64)
name=${2:-RF_BPF_HASH}
echo "#define $name { $(echo "$sum" | sed 's/../0x&, /g')}"
echo "#define ${name}_TEXT \"$sum\""
