//! What the record says of the world outside: the clock, the machine, the repository of the specs.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::record::{Host, Program, Workspace};

/// This program.
pub(super) fn program() -> Program {
    let features = [("local", cfg!(feature = "local")), ("hub", cfg!(feature = "hub"))];
    Program {
        name: env!("CARGO_PKG_NAME").into(),
        version: env!("CARGO_PKG_VERSION").into(),
        features: features.iter().filter(|(_, on)| *on).map(|(name, _)| (*name).into()).collect(),
    }
}

/// This machine; never its name or its user's.
pub(super) fn host() -> Host {
    Host {
        os: std::env::consts::OS.into(),
        arch: std::env::consts::ARCH.into(),
        cores: std::thread::available_parallelism().map_or(1, Into::into),
    }
}

/// The git repository around a file, where there is one and `git` is at hand.
pub(super) fn workspace(file: &Path) -> Option<Workspace> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").arg("-C").arg(folder).args(arguments).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "HEAD"])?;
    let dirty = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(Workspace { commit, dirty })
}

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the one place that looks at the clock")]
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A time since 1970 as UTC, such as `2026-11-24T01:12:03Z`.
pub(super) fn utc(time: Duration) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(time.as_secs())).to_string()
}

/// A time since 1970 as part of a folder's name, such as `20261124T011203Z`.
pub(super) fn stamp(time: Duration) -> String {
    utc(time).replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        // `date -u -d @1795482723 +%FT%TZ`
        assert_eq!(utc(Duration::from_millis(1_795_482_723_900)), "2026-11-24T01:12:03Z");
        assert_eq!(stamp(Duration::from_secs(1_795_482_723)), "20261124T011203Z");
    }
}
