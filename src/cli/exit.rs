//! Exit codes: an interface that scripts depend on.

use std::process::ExitCode;

/// How the program ends. Where several apply, the most severe one wins: see [`Exit::worse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: it ran, every expectation is met, every item is answered.
    Success,
    /// 1: a fault of the program itself.
    Internal,
    /// 2: the command line is wrong.
    Usage,
    /// 3: a spec, or the data it names, is not valid.
    Spec,
    /// 4: the filters leave nothing to do.
    Nothing,
    /// 5: an expectation is not met.
    Expectation,
    /// 6: it finished, but some items have no answer.
    Items,
    /// 7: the model could not be had: download, memory, files.
    Model,
    /// 8: results could not be written or read.
    Results,
    /// 9: a request that was asked again alone was answered otherwise.
    Unstable,
    /// 10: runs cannot be compared.
    Incomparable,
    /// 130: Ctrl-C; what was measured is saved.
    Interrupted,
    /// 143: SIGTERM, as schedulers send it; what was measured is saved.
    Terminated,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Spec => 3,
            Self::Nothing => 4,
            Self::Expectation => 5,
            Self::Items => 6,
            Self::Model => 7,
            Self::Results => 8,
            Self::Unstable => 9,
            Self::Incomparable => 10,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The more severe of two ends.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if other.severity() > self.severity() { other } else { self }
    }

    fn severity(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Nothing => 1,
            Self::Usage => 2,
            Self::Spec => 3,
            Self::Expectation => 4,
            Self::Incomparable => 5,
            Self::Items => 6,
            Self::Model => 7,
            Self::Internal => 8,
            Self::Unstable => 9,
            Self::Interrupted => 10,
            Self::Terminated => 11,
            Self::Results => 12,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table that `--help` prints.
pub const HELP: &str = "\
Exit codes:
  0  ran, every expectation met, every item answered
  1  a fault of the program itself
  2  the command line is wrong
  3  a spec, or the data it names, is not valid
  4  the filters leave nothing to do
  5  an expectation is not met
  6  finished, but some items have no answer
  7  the model could not be had (download, memory, files)
  8  results could not be written or read
  9  an answer was another one when asked again (--verify)
 10  runs cannot be compared
130  interrupted by Ctrl-C; what was measured is saved
143  ended by SIGTERM; what was measured is saved";

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Exit; 13] = [
        Exit::Success,
        Exit::Internal,
        Exit::Usage,
        Exit::Spec,
        Exit::Nothing,
        Exit::Expectation,
        Exit::Items,
        Exit::Model,
        Exit::Results,
        Exit::Unstable,
        Exit::Incomparable,
        Exit::Interrupted,
        Exit::Terminated,
    ];

    #[test]
    fn the_help_lists_every_code() {
        let listed: Vec<u8> = HELP
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(listed, ALL.map(Exit::code));
    }

    #[test]
    fn lost_results_are_worse_than_unmet_expectations() {
        assert_eq!(Exit::Results.worse(Exit::Expectation), Exit::Results);
        assert_eq!(Exit::Success.worse(Exit::Items), Exit::Items);
    }
}
