//! What was written: how varied it is, and how often it comes out the same.

use std::num::NonZeroUsize;

use super::Evaluation;
use crate::{
    metric::rows::Selected,
    record::{Cell, Column},
    stats::{Clusters, Estimate, Undefined, influence::Scale, text},
};

impl Evaluation<'_> {
    pub(super) fn distinct(&self, column: Column, n: NonZeroUsize) -> Result<Estimate, Undefined> {
        let (texts, rows): (Vec<Vec<&str>>, Vec<usize>) = self
            .rows
            .cells(self.part(), column)?
            .filter_map(|(row, cell)| match cell {
                Cell::Text(text) => Some((text.split_whitespace().collect(), row)),
                Cell::List(tokens) => Some((tokens.iter().filter_map(Cell::text).collect(), row)),
                Cell::Missing | Cell::Flag(_) | Cell::Count(_) | Cell::Number(_) => None,
            })
            .unzip();
        Ok(text::distinct(&texts, n, &self.rows.clusters(rows), self.settings.level))
    }

    pub(super) fn all_same(&self, column: Column) -> Result<Estimate, Undefined> {
        self.of_texts(column, |texts| {
            let all = texts.windows(2).all(|pair| pair[0] == pair[1]);
            (texts.len() > 1).then_some(f64::from(u8::from(all)))
        })
        .map(|(values, clusters)| self.proportion(&values, &clusters))
    }

    pub(super) fn agreement(&self, column: Column) -> Result<Estimate, Undefined> {
        self.of_texts(column, |texts| text::agreement(texts))
            .map(|(values, clusters)| self.mean(&values, &clusters, Scale::Plain))
    }

    pub(super) fn pass_at(&self, column: Column, k: NonZeroUsize) -> Result<Estimate, Undefined> {
        let Selected { columns: [correct], rows } = self.rows.select(self.part(), [column])?;
        let (values, clusters) = self.by_item(rows.into_iter().zip(correct), |correct| {
            let right = correct.iter().filter(|correct| **correct >= 1.0).count();
            (correct.len() >= k.get()).then(|| text::pass_at(k.get(), right, correct.len()))
        })?;
        Ok(self.mean(&values, &clusters, Scale::Plain))
    }

    fn of_texts(
        &self,
        column: Column,
        value: impl Fn(&[&str]) -> Option<f64>,
    ) -> Result<(Vec<f64>, Clusters), Undefined> {
        let cells = self.rows.cells(self.part(), column)?;
        self.by_item(cells.filter_map(|(row, cell)| Some((row, cell.text()?))), value)
    }

    /// One number an item, from what its rows hold; those that have none are left out.
    fn by_item<T>(
        &self,
        rows: impl Iterator<Item = (usize, T)>,
        value: impl Fn(&[T]) -> Option<f64>,
    ) -> Result<(Vec<f64>, Clusters), Undefined> {
        let items = self.rows.by_item(rows);
        let asked = !items.is_empty();
        let values = items.into_iter().filter_map(|(row, held)| Some((value(&held)?, row)));
        let (values, rows): (Vec<f64>, Vec<usize>) = values.unzip();
        if values.is_empty() && asked {
            return Err(Undefined::TooFewAnswers);
        }
        Ok((values, self.rows.clusters(rows)))
    }
}
