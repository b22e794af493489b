#!/bin/bash
cd $1
rm -rf $1/*
