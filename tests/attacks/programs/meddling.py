"""Traces, reads, writes, signals and hampers processes that are not its own."""

libc = ctypes.CDLL(None, use_errno=True)
OTHERS = TARGETS["processes"]
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206


def call(function, *arguments):
    if getattr(libc, function)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), function)
    return True


def vm(function, pid):
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    return call(function, pid, vector, 1, vector, 1, 0)


def write(path):
    with open(path, "w") as stream:
        stream.write("0")
    return True


def lower(pid):
    os.setpriority(os.PRIO_PROCESS, pid, 19)
    return True


def pin(pid):
    os.sched_setaffinity(pid, {0})
    return True


def signalled(pid):
    os.kill(pid, 0)
    return True


def limited(pid):
    import resource

    return resource.prlimit(pid, resource.RLIMIT_NOFILE)


for pid in OTHERS:
    attempt("attach", call, "ptrace", PTRACE_ATTACH, pid, 0, 0)
    attempt("seize", call, "ptrace", PTRACE_SEIZE, pid, 0, 0)
    attempt("vm write", vm, "process_vm_writev", pid)
    attempt("vm read", vm, "process_vm_readv", pid)
    attempt("mem", write, f"/proc/{pid}/mem")
    attempt("oom", write, f"/proc/{pid}/oom_score_adj")
    attempt("signal", signalled, pid)
    attempt("limits", limited, pid)
    attempt("priority", lower, pid)
    attempt("affinity", pin, pid)
    attempt("pidfd", os.pidfd_open, pid)
attempt("shared memory", call, "shmget", 0x1234, 4096, 0o1666)
attempt("sysrq", write, "/proc/sysrq-trigger")
attempt("kernel", write, "/proc/sys/kernel/core_pattern")
attempt("cgroup", write, "/sys/fs/cgroup/cgroup.procs")
