#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of policies/verdicts, asked of the kernel: each row's access is really made.

usage: table.py prepare DIR      makes what the rows name, and listens on their sockets until killed
       table.py ask TABLE        makes each access here; prints what differs, then "N agree, N differ, N skipped"
"""
import ctypes
import errno
import os
import re
import signal
import socket
import stat
import struct
import sys
import time

REFUSALS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EAFNOSUPPORT, errno.EXDEV}
DEVICES = "/data/project/rf-node-%s-%s"
libc = ctypes.CDLL(None, use_errno=True)
PR_CAPBSET_READ = 23
SHM_KEY, SHM_STAT = 0x72660001, 2  # a segment that is not the sandbox's, which everybody might read


class Skip(Exception):
    """This row cannot be asked of a kernel, and why."""


def rows(path):
    with open(path, encoding="utf-8") as table:
        for line in table:
            if line.strip() and line[0] != "#":
                verdict, rule, *words = line.split()
                yield verdict, rule, words


def real(path):
    """Where the row's name is on this machine; names that are other ones here are another row."""
    path = re.sub(r"^/proc/i(?=/|$)", "/proc/self", path)
    if not path.startswith("/proc/") and os.path.realpath(path) != path:
        raise Skip(f"{path} is {os.path.realpath(path)} here")
    return path


# ---- outside ----

def make_file(path, folders):
    if os.path.lexists(path):
        return
    try:
        os.makedirs(path if path in folders else os.path.dirname(path), exist_ok=True)
        if path not in folders:
            with open(path, "w", encoding="utf-8") as file:
                file.write("x\n")
    except OSError as error:
        print("cannot make", path, error, file=sys.stderr)


def listen_at(path, held):
    name = "\0" + path[1:] if path[0] == "@" else path
    if path[0] == "/" and os.path.lexists(path):
        return
    try:
        if path[0] == "/":
            os.makedirs(os.path.dirname(path), exist_ok=True)
        server = socket.socket(socket.AF_UNIX)
        server.bind(name)
        server.listen(16)
        held.append(server)
    except OSError as error:
        print("cannot listen at", path, error, file=sys.stderr)


def prepare(folder):
    files, sockets = set(), set()
    if libc.shmget(SHM_KEY, 4096, 0o1666) < 0:
        print("cannot make shared memory", os.strerror(ctypes.get_errno()), file=sys.stderr)
    for name in os.listdir(folder):
        for _, _, words in rows(os.path.join(folder, name)):
            if words[0] in ("read", "write", "append", "metadata", "exec") and not words[1].startswith("/proc/"):
                files.add(words[1])
            if words[1:2] == ["unix"]:
                sockets.add(words[2])
            if words[0] == "device":
                node = DEVICES % (words[2], words[3].replace(":", "-"))
                os.makedirs(os.path.dirname(node), exist_ok=True)
                if not os.path.exists(node):
                    major, minor = map(int, words[3].split(":"))
                    os.mknod(node, 0o666 | (stat.S_IFCHR if words[2] == "char" else stat.S_IFBLK),
                             os.makedev(major, minor))
    folders = {a for a in files for b in files if b.startswith(a + "/")}
    held = []
    for path in sorted(sockets):
        listen_at(path, held)
    for path in sorted(files):
        make_file(path, folders)
    print("ready", flush=True)
    time.sleep(100000)


# ---- inside: each raises OSError where it is refused ----

def ask_file(right, path):
    if right == "read" and os.path.islink(path) and os.path.realpath(os.path.dirname(path)) == os.path.dirname(path):
        os.readlink(path)  # reads the link, which is what has this name
        return
    path = real(path)
    folder = os.path.isdir(path)
    if right in ("write", "metadata") and (folder or right == "metadata"):
        os.chmod(path, stat.S_IMODE(os.stat(path).st_mode))  # the part of write that folders have
        return
    if right == "exec":
        raise Skip("no row is about exec")
    flags = {"read": os.O_RDONLY, "write": os.O_WRONLY, "append": os.O_WRONLY | os.O_APPEND}[right]
    os.close(os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY))


def ask_inet(right, protocol, address):
    host, port = address.rsplit(":", 1)
    kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[protocol]
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.setblocking(False)
        if right == "connect":
            sock.connect((host, int(port)))
        elif right == "send":
            sock.sendto(b"x", (host, int(port)))
        elif right == "bind":
            sock.bind((host, int(port)))
        else:
            raise Skip(f"{right} is not asked")


def ask_unix(right, path):
    if right != "connect":
        raise Skip(f"{right} on a unix socket is not asked")
    if path[0] == "/":
        if not os.path.lexists(path) or not stat.S_ISSOCK(os.stat(real(path)).st_mode):
            raise Skip(f"{path} is no socket here")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect("\0" + path[1:] if path[0] == "@" else path)


CAPABILITIES = (
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service "
    "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct "
    "sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control "
    "setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf "
    "checkpoint_restore"
).split()


def holds(capability):
    return libc.prctl(PR_CAPBSET_READ, CAPABILITIES.index(capability), 0, 0, 0) == 1


def ask_device(right, kind, numbers):
    major, minor = map(int, numbers.split(":"))
    if right == "mknod":
        if not holds("mknod"):
            raise Skip("the kernel refuses it for want of the capability mknod, whatever is said of devices")
        node = f"/data/project/made-{os.getpid()}"
        os.mknod(node, 0o600 | (stat.S_IFCHR if kind == "char" else stat.S_IFBLK), os.makedev(major, minor))
        os.unlink(node)
        return
    node = DEVICES % (kind, numbers.replace(":", "-"))
    if (kind, major, minor) == ("char", 1, 3):
        node = "/dev/null"
    os.close(os.open(node, os.O_RDONLY if right == "read" else os.O_WRONLY))


def ask_capability(name):
    if not holds(name):
        raise PermissionError(errno.EPERM, "not in the bounding set")


SYSCALLS = {"read": 0, "open": 2, "poll": 7, "mmap": 9, "ioctl": 16, "pipe": 22, "sched_yield": 24, "msync": 26,
            "nanosleep": 35, "getpid": 39, "sendfile": 40, "socket": 41, "uname": 63, "chown": 92, "ptrace": 101,
            "syslog": 103, "init_module": 175, "readahead": 187, "keyctl": 250, "add_key": 248, "unshare": 272,
            "rt_sigaction": 13, "process_vm_readv": 310, "userfaultfd": 323, "io_uring_setup": 425, "statmount": 457,
            "mount": 165, "bpf": 321, "perf_event_open": 298, "kill": 62, "memfd_create": 319}


def call(name, *args):
    """In a process of its own, which a filter may kill."""
    if name not in SYSCALLS:
        raise Skip(f"the number of {name} is not known here")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        ctypes.set_errno(0)
        got = libc.syscall(ctypes.c_long(SYSCALLS[name]), *(ctypes.c_long(arg) for arg in args))
        os.write(write, struct.pack("i", ctypes.get_errno() if got < 0 else 0))
        os._exit(0)
    os.close(write)
    answer = os.read(read, 4)
    os.close(read)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
        raise PermissionError(errno.EPERM, "killed")
    code = struct.unpack("i", answer)[0] if answer else 0
    if code:
        raise OSError(code, os.strerror(code))


def ask_kernel(key):
    if key == "signals":
        os.kill(1, 0)
    elif key == "fileless_exec":
        fd = os.memfd_create("x", 0)
        with open("/usr/bin/true", "rb") as program:
            os.write(fd, program.read())
        child = os.fork()
        if child == 0:
            try:
                os.execve(fd, ["true"], {})
            except OSError as error:
                os._exit(error.errno)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code:
            raise OSError(code, os.strerror(code))
    elif key == "ipc":
        segment = libc.shmget(SHM_KEY, 0, 0)
        if segment < 0 or libc.shmctl(segment, SHM_STAT, ctypes.create_string_buffer(512)) < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
    else:
        # PTRACE_SEIZE: attaching would stop the guest's first process, which then never ends the guest.
        made = {"mount": ("mount", 0, 0, 0, 0, 0), "user_namespaces": ("unshare", 0x10000000),
                "namespaces": ("unshare", 0x04000000), "ptrace": ("ptrace", 0x4206, 1, 0, 0),
                "io_uring": ("io_uring_setup", 1, 0), "bpf": ("bpf", 0, 0, 0), "keyrings": ("add_key", 0, 0, 0, 0, 0),
                "perf_events": ("perf_event_open", 0, 0, -1, -1, 0), "modules": ("init_module", 0, 0, 0)}.get(key)
        if not made:
            raise Skip(f"kernel.{key} is not asked")
        call(*made)


def ask(words):
    if words[0] in ("connect", "send", "bind", "listen"):
        ask_unix(words[0], words[2]) if words[1] == "unix" else ask_inet(*words)
    elif words[0] == "device":
        ask_device(*words[1:])
    elif words[0] == "capability":
        ask_capability(words[1])
    elif words[0] == "kernel":
        ask_kernel(words[1])
    elif words[0] == "syscall":
        call(words[1], *(int(word, 0) for word in words[2:]))
    else:
        ask_file(words[0], words[1])


def verdict_of(words):
    try:
        ask(words)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV) and words[0] not in ("syscall", "kernel"):
            raise Skip(f"{error.strerror}: it cannot be made here") from error
        return "denied" if error.errno in REFUSALS else "allowed", error.strerror
    return "allowed", "done"


def main():
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2])
        return 0
    count = {"agree": 0, "differ": 0, "skipped": 0}
    for verdict, rule, words in rows(sys.argv[2]):
        try:
            got, why = verdict_of(words)
        except Skip as skip:
            count["skipped"] += 1
            print("skipped:", *words, "-", skip)
            continue
        count["agree" if got == verdict else "differ"] += 1
        if got != verdict:
            print(f"differs: {verdict} {rule} {' '.join(words)} - {got}: {why}")
    print(", ".join(f"{number} {word}" for word, number in count.items()))
    return 1 if count["differ"] else 0


if __name__ == "__main__":
    sys.exit(main())
