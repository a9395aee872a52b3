"""What the driver does to this machine: commands, namespaces' names, and taking all of it back.

Everything that outlives a process carries the driver's process id in its name: `witan-chaos-PID-N`
is the network namespace of a node, `witan-chaos-PID` the source of its mounts and, below the
temporary folder, the folder of a run. So a later run can tell what a dead one left behind.
"""
import ctypes
import os
import re
import shutil
import signal
import subprocess
import tempfile

PREFIX = "witan-chaos-"
NAMESPACES = "/run/netns"
KEPT = "kept"
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


class HostError(Exception):
    """The machine refused something that the run cannot do without."""


def run(*command, text=None, check=True):
    """Runs a command to its end; its output. HostError if it fails."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    if check and done.returncode != 0:
        message = (done.stderr or done.stdout).strip()
        raise HostError(f"{' '.join(command)}: exit {done.returncode}: {message}")
    return done.stdout


def die_with_parent():
    """In a child, before it becomes another program: a killed driver leaves no process behind."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.setpgid(0, 0)  # Ctrl-C is for the driver, which ends the others in order.


def spawn(command, **options):
    return subprocess.Popen(command, preexec_fn=die_with_parent, **options)


def mounts(source):
    """Mount points whose source begins so, the deepest first."""
    found = []
    with open("/proc/mounts", encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            if re.fullmatch(source, fields[0]):
                found.append(fields[1])
    return sorted(found, reverse=True)


def is_driver(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"chaos.py" in file.read()
    except OSError:
        return False


def remove_namespace(name):
    """With whatever still runs in it."""
    for pid in run("ip", "netns", "pids", name, check=False).split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    run("ip", "netns", "delete", name, check=False)


def sweep():
    """Takes back what dead drivers left: namespaces, mounts, folders. Folders of failed runs, which
    have a file of the name KEPT, stay to be looked at."""
    names = os.listdir(NAMESPACES) if os.path.isdir(NAMESPACES) else []
    for name in names:
        match = re.fullmatch(PREFIX + r"(\d+)-\d+", name)
        if match and not is_driver(match[1]):
            remove_namespace(name)
    for point in mounts(PREFIX + r"\d+"):
        match = re.search(PREFIX + r"(\d+)", point)
        if match and not is_driver(match[1]):
            run("umount", "--lazy", point, check=False)
    for name in os.listdir(tempfile.gettempdir()):
        match = re.match(PREFIX + r"(\d+)-", name)
        folder = os.path.join(tempfile.gettempdir(), name)
        if match and not is_driver(match[1]) and not os.path.exists(os.path.join(folder, KEPT)):
            shutil.rmtree(folder, ignore_errors=True)


def missing(programs):
    return [name for name in programs if not shutil.which(name)]
