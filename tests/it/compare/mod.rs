//! Whole comparisons of runs made by hand: their numbers by scipy and statsmodels, their words, and what cannot be compared.

mod fixture;
mod gate;
mod golden;
mod properties;
mod several;
mod words;
