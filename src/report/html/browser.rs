//! The item browser: its controls, which the page's program fills and serves.

use maud::{Markup, html};

use super::{extent, items::Blocks, page::Section};
use crate::record::Record;

/// What the list can be sorted by: the name in the address, and in words.
const SORTS: [(&str, &str); 5] = [
    ("", "plan order"),
    ("wrong", "most surprising wrong first"),
    ("surprise", "most surprising first"),
    ("margin", "smallest margin first"),
    ("score", "lowest score first"),
];

pub(super) fn section(records: &[&Record], blocks: &Blocks) -> Option<Section> {
    (blocks.total > 0).then(|| Section::new("items", "Items", body(records.len() > 1, blocks)))
}

fn body(several: bool, blocks: &Blocks) -> Markup {
    html! {
        p { (extent(blocks.shown, blocks.total)) " A link to a view or an item is the address of this page." }
        noscript {
            p.warning { "The item browser needs JavaScript; the rest of the page does not. The items are in items.jsonl and items.csv too." }
        }
        div #browser hidden {
            div.controls role="search" aria-label="Items" {
                label.wide { "Search" input #q type="search" placeholder="text in prompts, answers, ids" aria-keyshortcuts="/" autocomplete="off" spellcheck="false"; }
                label { "Task" select #task { option value="" { "all" } } }
                label { "Group" select #group { option value="" { "all" } } }
                @if several {
                    label { "A" select #a {} }
                    label { "B" select #b {} }
                }
                label { "Result" select #ok { option value="" { "all" } } }
                label { "Sort" select #sort { @for (value, words) in SORTS { option value=(value) { (words) } } } }
                button #reset type="button" { "Clear" }
            }
            p.muted { strong #count role="status" aria-live="polite" {} " " span #legend {} }
            div.panes {
                div #list role="listbox" tabindex="0" aria-label="Items: arrow keys move, Enter opens the details" { div #pad role="presentation" {} }
                article #detail tabindex="-1" aria-label="Item" { p.muted { "Choose an item: click, or arrow keys in the list. / goes to the search." } }
            }
        }
    }
}
