//! Scores from the margins of a confusion table, and how much each cell moves them: all take as many steps as there are
//! classes, never as many as there are cells.

use libm::sqrt;

use super::{ClassScore, Item};
use crate::stats::{Undefined, sum};

/// Counts, or shares, by class.
#[derive(Clone, Debug)]
pub(super) struct Margins {
    total: f64,
    gold: Vec<f64>,
    predicted: Vec<f64>,
    hits: Vec<f64>,
    /// Those predicted to be of no class.
    unlabelled: f64,
}

/// How much a little more in a cell moves a score, up to a constant: a part by the gold class, a part by the prediction,
/// and a part where both agree.
#[derive(Clone, Debug)]
pub(super) struct Pull {
    gold: Vec<f64>,
    predicted: Vec<f64>,
    hit: Vec<f64>,
    unlabelled: f64,
}

impl Margins {
    /// So many items are added to smooth a table.
    pub(super) const ADDED: f64 = 2.0;

    pub(super) fn of(classes: usize, items: impl IntoIterator<Item = (Item, u64)>) -> Self {
        let none = vec![0.0; classes];
        let mut margins =
            Self { total: 0.0, gold: none.clone(), predicted: none.clone(), hits: none, unlabelled: 0.0 };
        for (item, count) in items {
            let count = count as f64;
            margins.total += count;
            margins.gold[item.gold] += count;
            match item.predicted {
                Some(class) => margins.predicted[class] += count,
                None => margins.unlabelled += count,
            }
            if item.predicted == Some(item.gold) {
                margins.hits[item.gold] += count;
            }
        }
        margins
    }

    /// Whether any item has no prediction.
    pub(super) fn unlabelled(&self) -> bool {
        self.unlabelled > 0.0
    }

    fn classes(&self) -> f64 {
        self.gold.len() as f64
    }

    /// Outcomes of an item: its class may be any, or "no label" where that occurs.
    fn outcomes(&self) -> f64 {
        self.classes() + if self.unlabelled() { 1.0 } else { 0.0 }
    }

    /// What smoothing adds to a cell.
    pub(super) fn added_to_each_cell(&self) -> f64 {
        Self::ADDED / (self.classes() * self.outcomes())
    }

    /// The shares of the table with two items more, spread evenly over its cells.
    pub(super) fn smoothed(&self) -> Self {
        let total = self.total + Self::ADDED;
        let more = |counts: &[f64], added: f64| counts.iter().map(|count| (count + added) / total).collect();
        let by_outcome = Self::ADDED / self.outcomes();
        Self {
            total: 1.0,
            gold: more(&self.gold, Self::ADDED / self.classes()),
            predicted: more(&self.predicted, by_outcome),
            hits: more(&self.hits, self.added_to_each_cell()),
            unlabelled: if self.unlabelled() { (self.unlabelled + by_outcome) / total } else { 0.0 },
        }
    }

    /// The score; a class with nothing to divide by adds 0 to a mean.
    pub(super) fn score(&self, score: ClassScore<usize>) -> Result<f64, Undefined> {
        let all = 0..self.gold.len();
        let occurs = |class: &usize| self.gold[*class] + self.predicted[*class] > 0.0;
        let occurring: Vec<usize> = all.clone().filter(occurs).collect();
        let mean = |classes: &[usize], of: &dyn Fn(usize) -> f64| {
            sum(classes.iter().map(|class| of(*class))) / classes.len() as f64
        };
        Ok(match score {
            ClassScore::Precision(class) => self.precision(class),
            ClassScore::Recall(class) => self.recall(class),
            ClassScore::F1(class) => self.f1(class),
            ClassScore::MacroPrecision => mean(&occurring, &|class| self.precision(class)),
            ClassScore::MacroRecall => mean(&occurring, &|class| self.recall(class)),
            ClassScore::MacroF1 => mean(&occurring, &|class| self.f1(class)),
            ClassScore::MicroF1 => 2.0 * self.right() / (self.total + self.labelled()),
            ClassScore::WeightedF1 => sum(all.map(|class| self.gold[class] * self.f1(class))) / self.total,
            ClassScore::BalancedAccuracy => {
                let gold: Vec<usize> = all.filter(|class| self.gold[*class] > 0.0).collect();
                mean(&gold, &|class| self.recall(class))
            }
            ClassScore::Mcc => {
                let [above, below_gold, below_predicted] = self.covariances();
                let below = sqrt(below_gold * below_predicted);
                if below > 0.0 { above / below } else { 0.0 }
            }
            ClassScore::Kappa => {
                let (agreed, by_chance) = (self.right() / self.total, self.by_chance());
                if by_chance >= 1.0 {
                    return Err(Undefined::OneClass);
                }
                (agreed - by_chance) / (1.0 - by_chance)
            }
        })
    }

    fn precision(&self, class: usize) -> f64 {
        over(self.hits[class], self.predicted[class])
    }

    fn recall(&self, class: usize) -> f64 {
        over(self.hits[class], self.gold[class])
    }

    fn f1(&self, class: usize) -> f64 {
        over(2.0 * self.hits[class], self.gold[class] + self.predicted[class])
    }

    fn right(&self) -> f64 {
        sum(self.hits.iter().copied())
    }

    fn labelled(&self) -> f64 {
        self.total - self.unlabelled
    }

    fn both(&self) -> impl Iterator<Item = f64> {
        self.gold.iter().zip(&self.predicted).map(|(gold, predicted)| gold * predicted)
    }

    /// The share that agrees by chance.
    fn by_chance(&self) -> f64 {
        sum(self.both()) / (self.total * self.total)
    }

    /// Of gold and predictions, of gold with itself, and of predictions with themselves, times the squared total.
    fn covariances(&self) -> [f64; 3] {
        let square = |counts: &[f64]| sum(counts.iter().map(|count| count * count));
        let all = self.total * self.total;
        [
            self.right() * self.total - sum(self.both()),
            all - square(&self.gold),
            all - square(&self.predicted) - self.unlabelled * self.unlabelled,
        ]
    }

    /// The derivatives of a score by the share of each cell, where every class has a share.
    pub(super) fn pull(&self, score: ClassScore<usize>) -> Pull {
        let none = vec![0.0; self.gold.len()];
        let mut pull = Pull { gold: none.clone(), predicted: none.clone(), hit: none, unlabelled: 0.0 };
        let each = 1.0 / self.classes();
        let all = 0..self.gold.len();
        match score {
            ClassScore::Precision(class) => self.pull_precision(&mut pull, class, 1.0),
            ClassScore::Recall(class) => self.pull_recall(&mut pull, class, 1.0),
            ClassScore::F1(class) => self.pull_f1(&mut pull, class, 1.0),
            ClassScore::MacroPrecision => all.for_each(|class| self.pull_precision(&mut pull, class, each)),
            ClassScore::MacroRecall | ClassScore::BalancedAccuracy => {
                all.for_each(|class| self.pull_recall(&mut pull, class, each));
            }
            ClassScore::MacroF1 => all.for_each(|class| self.pull_f1(&mut pull, class, each)),
            ClassScore::WeightedF1 => all.for_each(|class| {
                self.pull_f1(&mut pull, class, self.gold[class]);
                pull.gold[class] += self.f1(class);
            }),
            ClassScore::MicroF1 => {
                let below = 1.0 + self.labelled();
                pull.predicted.fill(-2.0 * self.right() / (below * below));
                pull.hit.fill(2.0 / below);
            }
            ClassScore::Mcc => self.pull_mcc(&mut pull),
            ClassScore::Kappa => {
                let by_chance = 1.0 - self.by_chance();
                let unagreed = (1.0 - self.right()) / by_chance;
                for class in all {
                    pull.gold[class] = -unagreed * self.predicted[class] / by_chance;
                    pull.predicted[class] = -unagreed * self.gold[class] / by_chance;
                    pull.hit[class] = 1.0 / by_chance;
                }
            }
        }
        pull
    }

    fn pull_precision(&self, pull: &mut Pull, class: usize, weight: f64) {
        pull.predicted[class] -= weight * self.precision(class) / self.predicted[class];
        pull.hit[class] += weight / self.predicted[class];
    }

    fn pull_recall(&self, pull: &mut Pull, class: usize, weight: f64) {
        pull.gold[class] -= weight * self.recall(class) / self.gold[class];
        pull.hit[class] += weight / self.gold[class];
    }

    fn pull_f1(&self, pull: &mut Pull, class: usize, weight: f64) {
        let each = weight / (self.gold[class] + self.predicted[class]);
        pull.gold[class] -= each * self.f1(class);
        pull.predicted[class] -= each * self.f1(class);
        pull.hit[class] += 2.0 * each;
    }

    fn pull_mcc(&self, pull: &mut Pull) {
        let [above, gold, predicted] = self.covariances();
        let below = sqrt(gold * predicted);
        let mcc = above / below;
        for class in 0..self.gold.len() {
            pull.gold[class] = -self.predicted[class] / below - mcc * (1.0 - self.gold[class]) / gold;
            pull.predicted[class] =
                -self.gold[class] / below - mcc * (1.0 - self.predicted[class]) / predicted;
            pull.hit[class] = 1.0 / below;
        }
        pull.unlabelled = -mcc * (1.0 - self.unlabelled) / predicted;
    }
}

impl Pull {
    pub(super) fn of(&self, item: Item) -> f64 {
        let predicted = item.predicted.map_or(self.unlabelled, |class| self.predicted[class]);
        let hit = if item.predicted == Some(item.gold) { self.hit[item.gold] } else { 0.0 };
        self.gold[item.gold] + predicted + hit
    }

    /// Less a constant in every cell.
    pub(super) fn less(&mut self, constant: f64) {
        self.gold.iter_mut().for_each(|gold| *gold -= constant);
    }

    /// The sum over the cells of each gold class.
    pub(super) fn rows(&self, unlabelled: bool) -> Vec<f64> {
        let predicted = sum(self.predicted.iter().copied()) + if unlabelled { self.unlabelled } else { 0.0 };
        let outcomes = self.predicted.len() as f64 + if unlabelled { 1.0 } else { 0.0 };
        self.gold.iter().zip(&self.hit).map(|(gold, hit)| outcomes * gold + predicted + hit).collect()
    }

    /// The sum over all cells, and that of the squares; with the cells of "no label" or without.
    pub(super) fn over_cells(&self, unlabelled: bool) -> [f64; 2] {
        let rows = self.gold.len() as f64;
        let outcomes: Vec<f64> =
            self.predicted.iter().copied().chain(unlabelled.then_some(self.unlabelled)).collect();
        let columns = outcomes.len() as f64;
        let square = |pulls: &[f64]| sum(pulls.iter().map(|pull| pull * pull));
        let [gold, predicted] = [&self.gold, &outcomes].map(|pulls| sum(pulls.iter().copied()));
        let hits = self.gold.iter().zip(&self.predicted).zip(&self.hit);
        let hit_squares = hits.map(|((gold, predicted), hit)| hit * (2.0 * (gold + predicted) + hit));
        [
            columns * gold + rows * predicted + sum(self.hit.iter().copied()),
            columns * square(&self.gold)
                + rows * square(&outcomes)
                + 2.0 * gold * predicted
                + sum(hit_squares),
        ]
    }
}

/// 0 where there is nothing to divide by.
fn over(above: f64, below: f64) -> f64 {
    if below > 0.0 { above / below } else { 0.0 }
}
