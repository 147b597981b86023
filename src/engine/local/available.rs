//! How much memory may still be taken: what the machine has free, what the containers around this process leave of their
//! limits, and what the shell does (`ulimit -v`).

use std::{
    fmt,
    path::{Component, Path, PathBuf},
};

/// Bytes that may still be taken, and what says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Available {
    /// So many.
    pub bytes: u64,
    /// By the tightest bound.
    pub by: Bound,
}

/// What bounds memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// What other programs leave of the machine's.
    Machine,
    /// A container or service, with its limit in bytes.
    Group(u64),
    /// The shell, with its limit in bytes.
    Process(u64),
}

impl Available {
    /// What holds here; nothing where the system does not say.
    pub(super) fn here() -> Option<Self> {
        let read = |path: &Path| std::fs::read_to_string(path).ok();
        let own = |name: &str| read(&Path::new("/proc/self").join(name)).unwrap_or_default();
        let bounds = [machine(), of_groups(&own("cgroup"), read), of_process(&own("limits"), &own("status"))];
        bounds.into_iter().flatten().min_by_key(|available| available.bytes)
    }
}

impl fmt::Display for Available {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = gigabytes(self.bytes);
        match self.by {
            Bound::Machine => write!(f, "{free} are available"),
            Bound::Group(limit) => {
                write!(f, "{free} are left of the {} that this container may take (cgroup)", gigabytes(limit))
            }
            Bound::Process(limit) => {
                write!(f, "{free} are left of the {} that this process may take (ulimit)", gigabytes(limit))
            }
        }
    }
}

/// A size as people read it.
pub(super) fn gigabytes(bytes: u64) -> String {
    if bytes < 100_000_000 {
        format!("{:.1} MB", bytes as f64 / 1e6)
    } else {
        format!("{:.1} GB", bytes as f64 / 1e9)
    }
}

fn machine() -> Option<Available> {
    let memory = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let system =
        sysinfo::System::new_with_specifics(sysinfo::RefreshKind::nothing().with_memory(memory)).ok()?;
    Some(Available { bytes: system.available_memory(), by: Bound::Machine })
}

/// What the control groups leave that `membership`, as `/proc/self/cgroup` has it, names, with all around them. Cached files
/// are given back when memory is wanted, and do not count.
fn of_groups(membership: &str, read: impl Fn(&Path) -> Option<String>) -> Option<Available> {
    let groups = membership.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let names = match controllers {
            "" => Names::SECOND,
            _ if controllers.split(',').any(|controller| controller == "memory") => Names::FIRST,
            _ => return None,
        };
        Some((names, path))
    });
    let free = |folder: &Path, names: &Names| {
        let number = |name: &str| read(&folder.join(name))?.trim().parse::<u64>().ok();
        let limit = number(names.limit)?;
        let cached = read(&folder.join("memory.stat")).and_then(|stat| {
            let line = stat.lines().find_map(|line| line.strip_prefix(names.cached))?;
            line.trim().parse::<u64>().ok()
        });
        let used = number(names.used)?.saturating_sub(cached.unwrap_or(0));
        Some(Available { bytes: limit.saturating_sub(used), by: Bound::Group(limit) })
    };
    let bounds = groups.flat_map(|(names, path)| {
        let folders = around(Path::new(names.root), path);
        folders.into_iter().filter_map(|folder| free(&folder, &names)).collect::<Vec<_>>()
    });
    bounds.min_by_key(|available| available.bytes)
}

/// The files of a version of control groups.
struct Names {
    root: &'static str,
    limit: &'static str,
    used: &'static str,
    /// A line of `memory.stat`.
    cached: &'static str,
}

impl Names {
    const FIRST: Self = Self {
        root: "/sys/fs/cgroup/memory",
        limit: "memory.limit_in_bytes",
        used: "memory.usage_in_bytes",
        cached: "total_inactive_file ",
    };
    const SECOND: Self = Self {
        root: "/sys/fs/cgroup",
        limit: "memory.max",
        used: "memory.current",
        cached: "inactive_file ",
    };
}

/// The folder of a group and those around it. Within a container only the root may be there, which is the container's own.
fn around(root: &Path, path: &str) -> Vec<PathBuf> {
    let parts = Path::new(path).components().filter_map(|part| match part {
        Component::Normal(part) => Some(part),
        _ => None,
    });
    let mut folders = vec![root.to_path_buf()];
    for part in parts {
        folders.push(folders[folders.len() - 1].join(part));
    }
    folders
}

/// What `ulimit -v` and `ulimit -d` leave, from `/proc/self/limits` and `/proc/self/status`.
fn of_process(limits: &str, status: &str) -> Option<Available> {
    let free = |limit: &str, used: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(limit))?;
        // The soft limit; `unlimited` is no number.
        let limit = line.split_whitespace().next()?.parse::<u64>().ok()?;
        let used = status.lines().find_map(|line| line.strip_prefix(used))?;
        let used = used.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.saturating_mul(1024);
        Some(Available { bytes: limit.saturating_sub(used), by: Bound::Process(limit) })
    };
    let bounds = [free("Max address space", "VmSize:"), free("Max data size", "VmData:")];
    bounds.into_iter().flatten().min_by_key(|available| available.bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn groups(membership: &str, files: &[(&str, &str)]) -> Option<Available> {
        let files: BTreeMap<&Path, &str> =
            files.iter().map(|(path, text)| (Path::new(*path), *text)).collect();
        of_groups(membership, |path| files.get(path).map(ToString::to_string))
    }

    #[test]
    fn a_containers_limit_counts_and_its_cached_files_do_not() {
        let limited = |limit| {
            groups(
                "0::/\n",
                &[
                    ("/sys/fs/cgroup/memory.max", limit),
                    ("/sys/fs/cgroup/memory.current", "700\n"),
                    ("/sys/fs/cgroup/memory.stat", "anon 500\nfile 200\ninactive_file 150\n"),
                ],
            )
        };
        assert_eq!(limited("1000\n"), Some(Available { bytes: 450, by: Bound::Group(1000) }));
        assert_eq!(limited("max\n"), None);
        assert_eq!(groups("", &[("/sys/fs/cgroup/memory.max", "1000")]), None);
    }

    #[test]
    fn the_tightest_of_all_groups_around_counts() {
        let files = [
            ("/sys/fs/cgroup/jobs/memory.max", "1000"),
            ("/sys/fs/cgroup/jobs/memory.current", "900"),
            ("/sys/fs/cgroup/jobs/one/memory.max", "500"),
            ("/sys/fs/cgroup/jobs/one/memory.current", "100"),
        ];
        assert_eq!(groups("0::/jobs/one", &files), Some(Available { bytes: 100, by: Bound::Group(1000) }));
        // A path of the host's, of which a container sees only its own part.
        let own = [("/sys/fs/cgroup/memory.max", "50"), ("/sys/fs/cgroup/memory.current", "20")];
        let seen = groups("0::/../../docker/abc", &own);
        assert_eq!(seen, Some(Available { bytes: 30, by: Bound::Group(50) }));
    }

    #[test]
    fn the_first_version_of_control_groups_is_read_too() {
        let files = [
            ("/sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes", "4096"),
            ("/sys/fs/cgroup/memory/docker/a/memory.usage_in_bytes", "4000"),
            ("/sys/fs/cgroup/memory/docker/a/memory.stat", "inactive_file 1\ntotal_inactive_file 904\n"),
        ];
        let membership = "5:cpu,cpuacct:/docker/a\n4:memory:/docker/a\n1:name=systemd:/x";
        assert_eq!(groups(membership, &files), Some(Available { bytes: 1000, by: Bound::Group(4096) }));
    }

    #[test]
    fn the_shells_limit_counts() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
            Max data size             unlimited            unlimited            bytes\n\
            Max address space         204800000            unlimited            bytes\n";
        let status = "Name:\tyardstick\nVmSize:\t  100000 kB\nVmData:\t  5 kB\n";
        let wanted = Available { bytes: 204_800_000 - 102_400_000, by: Bound::Process(204_800_000) };
        assert_eq!(of_process(limits, status), Some(wanted));
        assert_eq!(of_process(&limits.replace("204800000", "unlimited"), status), None);
    }
}
