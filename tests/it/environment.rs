//! The program in odd surroundings: without a home, a network, a terminal or room; with secrets that nobody may read.

#![cfg(unix)]

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::cli::spec;

const SPEC: &str = "
benchmark: b
model: reference
allow: [few-items]
tasks:
  - cloze: capitals
    items:
      - [The capital of France is, Paris, London]
";

/// A folder with a spec, a home and a place for results.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        spec(place.path(), SPEC);
        fs::create_dir(place.path().join("home")).unwrap();
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// `yardstick run`, on the built-in model, in the surroundings of this test alone.
    fn run(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yardstick"));
        command.arg("run").arg(self.path().join("spec.yaml")).arg("--out").arg(self.path().join("results"));
        command.env_clear().env("HOME", self.path().join("home")).env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null());
        command
    }

    /// The same through a shell, which changes its surroundings first; `"$@"` is the program.
    fn shell(&self, script: &str) -> Command {
        let run = self.run();
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(run.get_program()).args(run.get_args());
        command.env_clear().env("HOME", self.path().join("home")).env("LC_ALL", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
        command
    }

    /// Every file below, as bytes.
    fn written(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut folders, mut files) = (vec![self.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.file_type().unwrap() {
                    kind if kind.is_dir() => folders.push(entry.path()),
                    kind if kind.is_file() => files.push((entry.path(), fs::read(entry.path()).unwrap())),
                    _ => {}
                }
            }
        }
        files
    }

    /// Whether a run was written whole.
    fn has_a_run(&self) -> bool {
        self.written().iter().any(|(path, text)| {
            path.ends_with("run.json") && String::from_utf8_lossy(text).contains(r#""status": "complete""#)
        })
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The exit code and the words that must be said.
#[track_caller]
fn ends(output: &Output, code: i32, words: &[&str]) {
    let said = text(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for words in words {
        assert!(said.contains(words), "{words:?} in\n{said}");
    }
    assert!(!said.contains("a fault of the program itself"), "{said}");
}

#[test]
fn the_built_in_model_needs_no_home_and_one_of_the_hub_says_what_it_needs() {
    let place = Place::new();
    ends(&place.run().env_remove("HOME").output().unwrap(), 0, &["accuracy"]);
    let out = place.run().env_remove("HOME").args(["--model", "owner/name"]).output().unwrap();
    ends(&out, 7, &["HOME is not set", "set HF_HOME"]);
    // A file where the home, or the cache, should be: as root, nothing else is closed to a test.
    let file = place.path().join("spec.yaml");
    for name in ["HOME", "HF_HOME", "HF_HUB_CACHE"] {
        let mut run = place.run();
        run.env(name, &file).args(["--model", "owner/name"]).env("HF_HUB_OFFLINE", "1");
        ends(&run.output().unwrap(), 7, &["owner/name", "HF_HUB_OFFLINE"]);
    }
}

#[test]
fn without_a_network_the_host_is_named_and_secrets_are_not() {
    let place = Place::new();
    let secret = "hf_s3cr3t";
    let proxy = format!("http://user:{secret}@127.0.0.1:1");
    let surroundings: [(&[(&str, &str)], &str); 4] = [
        (&[("HF_ENDPOINT", "http://127.0.0.1:1"), ("HF_TOKEN", secret)], "127.0.0.1:1 cannot be reached"),
        (&[("HTTPS_PROXY", "http://127.0.0.1:1")], "HTTPS_PROXY"),
        (&[("HTTPS_PROXY", &proxy), ("HF_TOKEN", secret)], "HTTPS_PROXY"),
        (&[("ALL_PROXY", &proxy)], "cannot be reached"),
    ];
    // They wait for each other's pauses together.
    let runs = surroundings.map(|(variables, words)| {
        let mut run = place.run();
        run.args(["--model", "owner/name"]).envs(variables.iter().copied());
        (run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), words)
    });
    for (run, words) in runs {
        let out = run.wait_with_output().unwrap();
        ends(&out, 7, &[words]);
        assert!(!text(&out).contains(secret), "{}", text(&out));
    }
    for proxy in [format!("ftp://u:{secret}@h:1/x"), format!("http://{secret}@[::")] {
        let out = place.run().args(["--model", "owner/name"]).env("HTTPS_PROXY", proxy).output().unwrap();
        ends(&out, 7, &["HTTPS_PROXY", "must be an address"]);
        assert!(!text(&out).contains(secret), "{}", text(&out));
    }
    for endpoint in [format!("http://u:{secret}@127.0.0.1:1"), format!("http://127.0.0.1:1/?token={secret}")]
    {
        let out = place.run().args(["--model", "owner/name"]).env("HF_ENDPOINT", endpoint).output().unwrap();
        ends(&out, 7, &["HF_ENDPOINT"]);
        assert!(!text(&out).contains(secret), "{}", text(&out));
    }
    let out = place.run().args(["--model", "owner/name"]).env("HF_HUB_OFFLINE", "1").output().unwrap();
    ends(&out, 7, &["is not in the cache", "unset HF_HUB_OFFLINE"]);
    let broken = format!("{secret}\nsecond line");
    let out = place.run().args(["--model", "owner/name"]).env("HF_TOKEN", broken).output().unwrap();
    ends(&out, 7, &["HF_TOKEN", "a token is one line"]);
    assert!(!text(&out).contains(secret), "{}", text(&out));

    // Nor in what is written of a run that had them around it.
    let out = place.run().env("HF_TOKEN", secret).env("HTTPS_PROXY", &proxy).output().unwrap();
    ends(&out, 0, &[]);
    assert!(place.has_a_run());
    for (path, written) in place.written() {
        assert!(!written.windows(secret.len()).any(|part| part == secret.as_bytes()), "{}", path.display());
    }
}

#[cfg(feature = "hub")]
#[test]
fn a_server_that_says_the_token_back_does_not_make_us_say_it() {
    use crate::hub::server::{Given, Server};

    let secret = "hf_s3cr3t";
    let other = std::sync::Arc::new(Server::start(|_| Given::status(404)));
    let place = Place::new();
    let mut runs = Vec::new();
    for status in [401, 403, 404, 500] {
        let server = Server::start(move |asked| Given {
            body: format!("you said {:?}", asked.header("authorization")).into_bytes(),
            ..Given::status(status)
                .with("X-Error-Message", &format!("bad token {secret}"))
                .with("WWW-Authenticate", &format!("Bearer {secret}"))
        });
        runs.push((server, status));
    }
    let elsewhere = other.url();
    let redirect =
        Server::start(move |_| Given::status(302).with("Location", &format!("{elsewhere}/x?token={secret}")));
    runs.push((redirect, 302));
    let runs: Vec<_> = runs
        .into_iter()
        .map(|(server, status)| {
            let mut run = place.run();
            run.args(["--model", "owner/name"]).env("HF_TOKEN", secret).env("HF_ENDPOINT", server.url());
            (run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), server, status)
        })
        .collect();
    for (run, server, status) in runs {
        let out = run.wait_with_output().unwrap();
        ends(&out, 7, &[]);
        assert!(!text(&out).contains(secret), "{status}: {}", text(&out));
        let asked = server.asked();
        assert!(
            asked.iter().all(|asked| asked.header("authorization") == Some("Bearer hf_s3cr3t")),
            "{status}"
        );
        assert!(!asked.is_empty());
    }
    assert!(other.asked().iter().all(|asked| asked.header("authorization").is_none()));
}

#[test]
fn without_a_terminal_or_unicode_plain_words_are_said() {
    let place = Place::new();
    let out = place.run().env_remove("LC_ALL").env("LANG", "C").output().unwrap();
    ends(&out, 0, &["reference | f32"]);
    assert!(out.stdout.is_ascii() && out.stderr.is_ascii());
    let odd = OsStr::from_bytes(b"\xff");
    let out = place.run().env_remove("LC_ALL").env("LANG", odd).env("COLUMNS", odd).output().unwrap();
    ends(&out, 0, &["reference | f32"]);
    let out = place.run().env("TERM", "dumb").args(["--progress", "plain"]).output().unwrap();
    ends(&out, 0, &["done b/capitals"]);
    assert!(!text(&out).contains('\u{1b}'));
}

#[test]
fn results_that_cannot_be_written_end_with_8_and_no_temporary_folder_is_needed() {
    let place = Place::new();
    for folder in [place.path().join("spec.yaml"), place.path().join("spec.yaml/below"), "/proc/none".into()]
    {
        let mut run = Command::new(env!("CARGO_BIN_EXE_yardstick"));
        run.arg("run").arg(place.path().join("spec.yaml")).arg("--out").arg(&folder);
        ends(&run.output().unwrap(), 8, &["cannot make the folder"]);
    }
    ends(&place.run().env("TMPDIR", "/nowhere/at/all").output().unwrap(), 0, &["accuracy"]);
    let gone = place
        .shell("mkdir gone && cd gone && rmdir ../gone && exec \"$@\"")
        .current_dir(place.path())
        .output();
    ends(&gone.unwrap(), 0, &["accuracy"]);
    let gone = "mkdir gone && cd gone && rmdir ../gone && exec \"$1\" run \"$3\"";
    let out = place.shell(gone).current_dir(place.path()).output().unwrap();
    ends(&out, 8, &["cannot make the folder results"]);
}

#[test]
fn ends_that_are_closed_lose_nothing_that_is_written() {
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"] {
        let place = Place::new();
        let out = place.shell(&format!("exec \"$@\" {closed}")).output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{closed} {}", text(&out));
        assert!(place.has_a_run(), "{closed}");
    }
    let place = Place::new();
    ends(&place.shell("exec \"$@\" >/dev/full").output().unwrap(), 8, &["cannot write to stdout"]);
    assert!(place.has_a_run());
}

#[test]
fn names_that_are_no_text_are_read_or_refused_by_name() {
    let place = Place::new();
    let odd = |name: &[u8]| place.path().join(OsStr::from_bytes(name));
    let run = |argument: OsString, out: &Path, more: &[&OsStr]| {
        let mut run = Command::new(env!("CARGO_BIN_EXE_yardstick"));
        run.arg("run")
            .arg(argument)
            .arg("--out")
            .arg(out)
            .args(more)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap()
    };
    let results = place.path().join("results");
    ends(&run(odd(b"\xff.yaml").into(), &results, &[]), 3, &["\u{fffd}.yaml"]);
    fs::copy(place.path().join("spec.yaml"), odd(b"n\xff.yaml")).unwrap();
    // A run's folder keeps a copy under the same name, which is written down as text.
    ends(&run(odd(b"n\xff.yaml").into(), &results, &[]), 3, &["its name is not UTF-8", "rename it"]);
    ends(&run(odd(b"spec.yaml").into(), &odd(b"o\xff"), &[]), 0, &["accuracy"]);
    let model = [OsStr::new("--model"), OsStr::from_bytes(b"m\xff")];
    ends(&run(odd(b"spec.yaml").into(), &results, &model), 2, &["UTF-8"]);
}

#[test]
fn numbers_of_threads_that_would_stop_the_machine_are_refused() {
    let place = Place::new();
    for threads in ["0", "lots", "", "2"] {
        let out =
            place.run().env("RAYON_NUM_THREADS", threads).env("OMP_NUM_THREADS", "lots").output().unwrap();
        ends(&out, 0, &["accuracy"]);
    }
    ends(
        &place.run().env("RAYON_NUM_THREADS", "100000000").output().unwrap(),
        2,
        &["RAYON_NUM_THREADS", "1024"],
    );
    ends(&place.run().args(["--threads", "100000000"]).output().unwrap(), 2, &["at most 1024 threads"]);
    ends(&place.run().args(["--threads", "0"]).output().unwrap(), 2, &["--threads"]);
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_loaded() {
    let place = Place::new();
    let out = place.run().args(["--batch-tokens", "1000000000000"]).output().unwrap();
    ends(
        &out,
        7,
        &["for its weights, and", "to compute 1000000000000 tokens at once (`--batch-tokens`)", "fits"],
    );
    assert!(!place.has_a_run());
    // 2 GB of addresses are enough for the program, and not for so many tokens.
    let limited = "ulimit -v 2000000 && exec \"$@\" --batch-tokens 4000000";
    ends(&place.shell(limited).output().unwrap(), 7, &["that this process may take (ulimit)"]);
}
