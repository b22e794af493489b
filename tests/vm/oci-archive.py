#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""oci-archive.py OUT NAME ROOT: an image of one layer as an OCI archive, so that no registry is needed."""
import gzip
import hashlib
import io
import json
import sys
import tarfile

out, name, root = sys.argv[1:]
blobs = {}


def blob(data, kind):
    digest = 'sha256:' + hashlib.sha256(data).hexdigest()
    blobs[digest] = data
    return {'mediaType': f'application/vnd.oci.image.{kind}', 'digest': digest, 'size': len(data)}


def owned_by_root(info):
    info.uid = info.gid = 0
    return info


layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode='w') as tar:
    tar.add(root, arcname='.', filter=owned_by_root)
plain = layer.getvalue()
config = {'architecture': 'amd64', 'os': 'linux', 'config': {'Cmd': ['/bin/sleep', '1000000']},
          'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(plain).hexdigest()]}}
manifest = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',
            'config': blob(json.dumps(config).encode(), 'config.v1+json'),
            'layers': [blob(gzip.compress(plain, 1), 'layer.v1.tar+gzip')]}
index = {'schemaVersion': 2, 'manifests': [dict(
    blob(json.dumps(manifest).encode(), 'manifest.v1+json'),
    annotations={'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name})]}
with tarfile.open(out, 'w') as tar:
    for path, data in [('oci-layout', b'{"imageLayoutVersion": "1.0.0"}'),
                       ('index.json', json.dumps(index).encode())] + [
                           ('blobs/' + digest.replace(':', '/'), data) for digest, data in blobs.items()]:
        info = tarfile.TarInfo(path)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
