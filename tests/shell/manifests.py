#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The containers of deploy/kubernetes run as their manifests say: their command line with their mounts,
their rights and a root that cannot be written, against a folder that stands for the node. There is no
cluster and no engine here, and what needs a kernel with BPF LSM (load, events) does not run."""
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

try:
    import yaml
except ImportError as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

HERE = os.path.dirname(os.path.abspath(__file__))
PLACE = os.path.join(HERE, '../../deploy/kubernetes')
RF = os.path.realpath(os.environ['RF'])
BUSYBOX = shutil.which('busybox')
SPEC = {'ociVersion': '1.0.2', 'process': {'cwd': '/'}}
count = failed = 0


def test(name, good, why=''):
    global count, failed
    count += 1
    failed += not good
    print(f'{"" if good else "not "}ok {count} - {name}')
    for line in [] if good else str(why).splitlines()[-10:]:
        print('# ' + line[:300])


def skip_all(why):
    print(f'1..0 # SKIP {why}')
    sys.exit(0)


def runs_alone(program):
    with tempfile.TemporaryDirectory() as root:
        shutil.copy(program, root + '/sh')
        return subprocess.run(['chroot', root, '/sh', '-c', 'true'], capture_output=True).returncode == 0


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)
    os.chmod(path, mode)


def make_image(image):
    """What the Containerfile puts into its image; the rest of it is this machine's own."""
    local = os.path.join(image, 'usr-local')
    for name, source in [('bin/ringfence', RF), ('libexec/ringfence/ringfence-oci', os.path.dirname(RF) + '/ringfence-oci')]:
        os.makedirs(os.path.dirname(os.path.join(local, name)), exist_ok=True)
        shutil.copy(source, os.path.join(local, name))
    shutil.copytree(os.path.dirname(RF) + '/../share/ringfence/policies', local + '/share/ringfence/policies')
    return local


def make_node(node):
    for name in ['sh', 'env']:
        os.makedirs(node + '/usr/bin', exist_ok=True)
        shutil.copy(BUSYBOX, f'{node}/usr/bin/{name}')
    os.symlink('usr/bin', node + '/bin')
    write(node + '/usr/bin/ctr', f"#!/bin/sh\n[ \"$*\" = 'oci spec' ] && echo '{json.dumps(SPEC)}'\n", 0o755)
    for place in ['sys/fs/bpf', 'sys/fs/cgroup', 'sys/kernel/security']:
        os.makedirs(f'{node}/{place}')


def set_config_map(place, version, data):
    """As the kubelet mounts one: all of one version, by a link that is renamed."""
    for key, text in data.items():
        write(f'{place}/..{version}/{key}', text)
        if not os.path.lexists(f'{place}/{key}'):
            os.symlink(f'..data/{key}', f'{place}/{key}')
    os.symlink(f'..{version}', f'{place}/..new')
    os.rename(f'{place}/..new', f'{place}/..data')


def source_of(volume, node, pod):
    if 'hostPath' not in volume:
        path = f'{pod}/{volume["name"]}'
        os.makedirs(path, exist_ok=True)
        return path
    path = node + volume['hostPath']['path']
    kind = volume['hostPath']['type']
    if kind == 'DirectoryOrCreate':
        os.makedirs(path, exist_ok=True)
    elif not (os.path.isdir if kind == 'Directory' else os.path.isfile)(path):
        raise RuntimeError(f'the node has no {path}')
    return path


def words_of(one, probe=False):
    if probe:
        return one['readinessProbe']['exec']['command']
    return one.get('command', ['/usr/local/bin/ringfence']) + one.get('args', [])


def rights_of(security):
    if security.get('privileged'):
        return []
    keep = security.get('capabilities', {})
    if keep.get('drop') != ['ALL'] or security.get('allowPrivilegeEscalation') is not False:
        raise RuntimeError('this test knows only containers that drop all rights')
    kept = ['-all'] + ['+' + name.lower() for name in keep.get('add', [])]
    return ['setpriv', '--no-new-privs', '--inh-caps=-all', '--bounding-set=' + ','.join(kept)]


# $1: the new root; $2: what is at /usr/local there; then "SOURCE TARGET ro|rw" each, "--", the command.
START = '''set -e
root=$1
mount -t tmpfs root "$root"
for name in usr bin lib lib64 sbin etc; do
    if [ -L /$name ]; then cp -P /$name "$root/"; elif [ -d /$name ]; then
        mkdir "$root/$name"; mount --bind /$name "$root/$name"; mount -o remount,bind,ro "$root/$name"; fi
done
mount --bind "$2" "$root/usr/local"
mount -o remount,bind,ro "$root/usr/local"
mkdir -p "$root/proc" "$root/dev"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
shift 2
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")"; touch "$root$2"; fi
    mount --bind "$1" "$root$2"
    [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
    shift 3
done
shift
mount -o remount,ro "$root"
exec chroot "$root" "$@"
'''


class Pod:
    def __init__(self, manifest, node, image, change=None):
        with open(os.path.join(PLACE, manifest)) as file:
            found = [thing for thing in yaml.safe_load_all(file) if thing and thing['kind'] == 'DaemonSet']
        self.spec = found[0]['spec']['template']['spec']
        if change:
            change(self.spec)
        self.node, self.image = node, image
        self.dir = tempfile.mkdtemp(dir=TMP)
        self.root = tempfile.mkdtemp(dir=TMP)
        self.volumes = {v['name']: source_of(v, node, self.dir) for v in self.spec['volumes']}

    def start(self, name, probe=False):
        one = next(c for c in self.spec.get('initContainers', []) + self.spec['containers'] if c['name'] == name)
        mounts = []
        for mount in one['volumeMounts']:
            mounts += [self.volumes[mount['name']], mount['mountPath'], 'ro' if mount.get('readOnly') else 'rw']
        return subprocess.Popen(['unshare', '--mount', 'sh', '-c', START, 'start', self.root, self.image] + mounts + ['--'] +
                                rights_of(one['securityContext']) + words_of(one, probe), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'})

    def run(self, name, probe=False):
        process = self.start(name, probe)
        out, _ = process.communicate(timeout=200)
        return process.returncode, out


def policies_of_base():
    with open(os.path.join(PLACE, 'base.yaml')) as file:
        return next(thing['data'] for thing in yaml.safe_load_all(file) if thing and thing['kind'] == 'ConfigMap')


def read_json(path):
    with open(path) as file:
        return json.load(file)


def waits_for(condition):
    for _ in range(600):
        if condition():
            return True
        time.sleep(0.1)
    return False


def check_policies(name, pod):
    """The container that follows the ConfigMap, and the probe in it."""
    status, out = pod.run('policies', probe=True)
    test(f'{name}: policies: the probe is content', status == 0, out)
    changed = policies_of_base()
    changed['box.json'] = changed['box.json'].replace('this workload', 'that workload')
    set_config_map(pod.volumes['policies'], 'v2', changed)
    process = pod.start('policies')
    test(f'{name}: policies: follows the ConfigMap', waits_for(
        lambda: 'that workload' in open(pod.node + '/etc/ringfence/box.json').read()))
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=200)
    test(f'{name}: policies: ends when asked', process.returncode == 0, out)
    os.rename(pod.node + '/opt/ringfence/current', pod.node + '/opt/ringfence/away')
    status, out = pod.run('policies', probe=True)
    test(f'{name}: policies: the probe finds that the programs are gone', status == 1 and 'is missing' in out, out)
    os.rename(pod.node + '/opt/ringfence/away', pod.node + '/opt/ringfence/current')


def check_install(name, node, image, hook_of):
    pod = Pod(name, node, image)
    set_config_map(pod.volumes['policies'], 'v1', policies_of_base())
    for one in [c['name'] for c in pod.spec['initContainers'] if c['name'] != 'load']:
        status, out = pod.run(one)
        test(f'{name}: {one}', status == 0, out)
    hook = hook_of(node)
    program = next((word for word in hook['args'] if word.endswith('/ringfence')), None)
    test(f'{name}: engines call what is on the node', program and os.access(node + program, os.X_OK), hook)
    test(f'{name}: the policies are the cluster\'s', read_json(node + '/etc/ringfence/box.json')['name'] == 'box')
    check_policies(name, pod)


@contextlib.contextmanager
def no_containerd():
    """node.sh runs what looks like one, while it has this lock."""
    with open(RF, 'rb') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check_uninstall(name, node, image, stays):
    with no_containerd():
        status, out = Pod('uninstall.yaml', node, image).run('uninstall')
    test(f'uninstall.yaml after {name}', status == 0, out)
    left = sorted(os.path.relpath(os.path.join(place, file), node) for folder in ['opt', 'etc', 'usr/share']
                  for place, _, files in os.walk(os.path.join(node, folder)) for file in files)
    test(f'uninstall.yaml after {name}: what stays', left == stays, left)


def check_needs(image):
    """What these tests must find: each mount and each right of `install` and `spec` is needed."""
    for what, name, change in [
            ('the programs\' folder', 'install', lambda s: drop_mount(s, 'install', 'programs')),
            ('the policies\' folder', 'install', lambda s: drop_mount(s, 'install', 'etc-ringfence')),
            ('the right to chroot', 'spec', lambda s: s['initContainers'][0]['securityContext']['capabilities'].pop('add'))]:
        node = tempfile.mkdtemp(dir=TMP)
        make_node(node)
        pod = Pod('containerd.yaml', node, image, change)
        set_config_map(pod.volumes['policies'], 'v1', policies_of_base())
        write(pod.volumes['spec'] + '/base.json', json.dumps(SPEC))
        status, out = pod.run(name)
        test(f'containerd.yaml: {name} fails without {what}', status != 0, out)


def drop_mount(spec, container, volume):
    one = next(c for c in spec['initContainers'] if c['name'] == container)
    one['volumeMounts'] = [mount for mount in one['volumeMounts'] if mount['name'] != volume]


def main():
    image = make_image(tempfile.mkdtemp(dir=TMP))
    for name, hook_of, stays in [
            ('containerd.yaml', lambda n: read_json(n + '/etc/ringfence/containerd-base-spec.json')['hooks']['createRuntime'][0],
             ['etc/ringfence/containerd-base-spec.json']),
            ('crio.yaml', lambda n: read_json(n + '/usr/share/containers/oci/hooks.d/ringfence.json')['hook'], [])]:
        node = tempfile.mkdtemp(dir=TMP)
        make_node(node)
        check_install(name, node, image, hook_of)
        check_uninstall(name, node, image, stays)
    check_needs(image)


if os.geteuid() != 0:
    skip_all('only root may make the mounts of a container')
if not BUSYBOX or not runs_alone(BUSYBOX):
    skip_all('busybox-static is not installed')
if subprocess.run(['unshare', '--mount', 'mount', '-t', 'tmpfs', 'x', '/mnt'], capture_output=True).returncode != 0:
    skip_all('mounts cannot be made here')
with no_containerd():
    containerd = subprocess.run(['pgrep', '-x', 'containerd'], capture_output=True).returncode == 0
if containerd:
    skip_all('a containerd runs here, for which uninstall would wait')
TMP = tempfile.mkdtemp()
try:
    main()
finally:
    shutil.rmtree(TMP)
print(f'1..{count}')
sys.exit(failed > 0)
