//! The two ends of the program that people and scripts see: results on stdout, all else on stderr. One decision on
//! colours, characters and width for everything that is shown.

use std::{
    ffi::OsString,
    io::{self, ErrorKind, IsTerminal, Write},
};

use console::Term;

use crate::report::{
    table::Look,
    text::{self, Charset},
};

/// Where nothing is known of the terminal.
const DEFAULT_WIDTH: usize = 80;
/// Less than this cannot be laid out.
const NARROWEST: usize = 20;

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What the environment says about how to show things, as plain data.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `NO_COLOR`.
    pub no_color: Option<OsString>,
    /// `CLICOLOR_FORCE`.
    pub clicolor_force: Option<OsString>,
    /// `FORCE_COLOR`.
    pub force_color: Option<OsString>,
    /// `TERM`.
    pub term: Option<OsString>,
    /// `COLUMNS`.
    pub columns: Option<OsString>,
    /// `LC_ALL`, `LC_CTYPE` and `LANG`, the strongest first.
    pub locale: [Option<OsString>; 3],
}

impl Environment {
    /// As this process has it.
    pub fn read() -> Self {
        let var = std::env::var_os;
        Self {
            no_color: var("NO_COLOR"),
            clicolor_force: var("CLICOLOR_FORCE"),
            force_color: var("FORCE_COLOR"),
            term: var("TERM"),
            columns: var("COLUMNS"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].map(var),
        }
    }

    /// Whether a stream has colours: `--color`, then `NO_COLOR`, then `CLICOLOR_FORCE` and `FORCE_COLOR`, then whether
    /// it is a terminal. An empty variable says nothing, and `0` forces nothing.
    pub fn has_colour(&self, asked: Color, is_terminal: bool) -> bool {
        let set = |value: &Option<OsString>| value.as_ref().is_some_and(|value| !value.is_empty());
        let forced =
            |value: &Option<OsString>| set(value) && value.as_ref().is_some_and(|value| value != "0");
        match asked {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if set(&self.no_color) => false,
            Color::Auto if forced(&self.clicolor_force) || forced(&self.force_color) => true,
            Color::Auto => is_terminal && self.term.as_ref().is_none_or(|term| term != "dumb"),
        }
    }

    /// What can be shown: everything in a UTF-8 locale, else ASCII.
    pub fn charset(&self, ascii: bool) -> Charset {
        let locale = self.locale.iter().flatten().find(|value| !value.is_empty());
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_string_lossy().to_ascii_uppercase();
            locale.contains("UTF-8") || locale.contains("UTF8")
        });
        // Windows has no such variables and shows Unicode.
        if ascii || !(utf8 || cfg!(windows)) { Charset::Ascii } else { Charset::Unicode }
    }

    /// Columns: `COLUMNS`, else the terminal's own, else 80.
    pub fn width(&self, terminal: Option<usize>) -> usize {
        let said = self.columns.as_ref().and_then(|columns| columns.to_str()?.trim().parse().ok());
        said.filter(|columns| *columns > 0).or(terminal).unwrap_or(DEFAULT_WIDTH).max(NARROWEST)
    }
}

/// Stdout, and how both ends are to look.
pub struct Out {
    /// Of stdout.
    pub look: Look,
    /// Of stderr.
    pub err_look: Look,
    /// Whether stderr is a terminal that can be drawn on.
    pub err_is_terminal: bool,
    is_terminal: bool,
    stdout: Pipe<Box<dyn Write>>,
}

impl Out {
    /// Decides how things look, once, for this program and for the progress bars.
    pub fn new(environment: &Environment, color: Color, ascii: bool) -> Self {
        let charset = environment.charset(ascii);
        let look = |terminal: bool, size: Option<(u16, u16)>| Look {
            width: environment.width(size.map(|(_, columns)| usize::from(columns))),
            charset,
            colour: environment.has_colour(color, terminal),
        };
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let (out, err) = (stdout.is_terminal(), stderr.is_terminal());
        let look_of_stdout = look(out, Term::stdout().size_checked());
        let err_look = look(err, Term::stderr().size_checked());
        console::set_colors_enabled(look_of_stdout.colour);
        console::set_colors_enabled_stderr(err_look.colour);
        let err_is_terminal = err && environment.term.as_ref().is_none_or(|term| term != "dumb");
        Self {
            look: look_of_stdout,
            err_look,
            err_is_terminal,
            is_terminal: out,
            stdout: Pipe { end: Box::new(stdout.lock()), closed: false },
        }
    }

    /// An end that shows nothing to anybody.
    #[cfg(test)]
    pub fn nowhere() -> Self {
        let look = Look { width: DEFAULT_WIDTH, charset: Charset::Unicode, colour: false };
        let stdout = Pipe { end: Box::new(io::sink()) as Box<dyn Write>, closed: false };
        Self { look, err_look: look, err_is_terminal: false, is_terminal: false, stdout }
    }

    /// Writes a piece of the result.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.write_all(text.as_bytes())
    }

    /// Writes data for scripts: as it is into files and pipes; on a terminal, with everything visible that would steer it.
    pub fn print_data(&mut self, data: &str) -> io::Result<()> {
        if !self.is_terminal {
            return self.print(data);
        }
        for line in data.split_inclusive('\n') {
            let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
            self.print(&text::visible(line, Charset::Unicode))?;
            self.print(end)?;
        }
        Ok(())
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stdout.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}

/// A reader that has gone, as `head` does, is no error: the work goes on, and what is left to say is dropped.
#[derive(Debug)]
struct Pipe<W> {
    end: W,
    closed: bool,
}

impl<W> Pipe<W> {
    fn unless_closed<T>(&mut self, dropped: T, result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(dropped)
            }
            other => other,
        }
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let result = self.end.write(bytes);
        self.unless_closed(bytes.len(), result)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let result = self.end.flush();
        self.unless_closed((), result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(value: &str) -> OsString {
        value.into()
    }

    #[test]
    fn colour_is_decided_by_the_strongest_word() {
        let plain = Environment::default();
        assert!(plain.has_colour(Color::Auto, true) && !plain.has_colour(Color::Auto, false));
        let no =
            Environment { no_color: Some(os("1")), force_color: Some(os("1")), ..Environment::default() };
        assert!(!no.has_colour(Color::Auto, true) && no.has_colour(Color::Always, false));
        let empty = Environment { no_color: Some(os("")), ..Environment::default() };
        assert!(empty.has_colour(Color::Auto, true));
        let forced = Environment { clicolor_force: Some(os("1")), ..Environment::default() };
        assert!(forced.has_colour(Color::Auto, false) && !forced.has_colour(Color::Never, true));
        let zero = Environment { force_color: Some(os("0")), ..Environment::default() };
        assert!(!zero.has_colour(Color::Auto, false));
        let dumb = Environment { term: Some(os("dumb")), ..Environment::default() };
        assert!(!dumb.has_colour(Color::Auto, true));
    }

    #[test]
    fn the_strongest_locale_decides_the_characters() {
        let locale = |locale| Environment { locale, ..Environment::default() }.charset(false);
        assert_eq!(locale([None, None, Some(os("en_US.UTF-8"))]), Charset::Unicode);
        assert_eq!(locale([Some(os("C")), None, Some(os("en_US.UTF-8"))]), Charset::Ascii);
        assert_eq!(locale([Some(os("")), Some(os("C.utf8")), Some(os("C"))]), Charset::Unicode);
        let utf8 = Environment { locale: [Some(os("C.UTF-8")), None, None], ..Environment::default() };
        assert_eq!(utf8.charset(true), Charset::Ascii);
    }

    /// Takes so many bytes, then fails.
    struct Ends(usize, ErrorKind);

    impl Write for Ends {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(self.1.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error_and_a_full_disk_is_one() {
        let mut gone = Pipe { end: Ends(3, ErrorKind::BrokenPipe), closed: false };
        assert!(gone.write_all(b"12345").is_ok() && gone.closed);
        assert!(gone.write_all(b"more").is_ok() && gone.flush().is_ok());
        let mut full = Pipe { end: Ends(3, ErrorKind::StorageFull), closed: false };
        assert!(full.write_all(b"12345").is_err());
    }

    #[test]
    fn columns_win_over_the_terminal() {
        let said = |columns| Environment { columns: Some(os(columns)), ..Environment::default() };
        assert_eq!(said("120").width(Some(80)), 120);
        assert_eq!(said("wide").width(Some(100)), 100);
        assert_eq!(said("0").width(None), 80);
        assert_eq!(said("3").width(None), NARROWEST);
    }
}
