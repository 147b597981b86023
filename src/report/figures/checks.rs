//! What holds for every figure, read back from its file: it is XML, steers nothing, and no text lies over another or out of
//! the picture.

use roxmltree::{Document, Node};

use super::{
    Figure,
    width::{ASCENT, DESCENT, Font, width},
};

/// Where a text lies.
#[derive(Clone, Debug)]
struct Extent {
    text: String,
    x: (f64, f64),
    y: (f64, f64),
}

/// A number of an element.
pub fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} of {node:?}"))
}

/// The words of an element, without its title.
pub fn words(node: Node<'_, '_>) -> String {
    node.children().filter_map(|child| if child.is_text() { child.text() } else { None }).collect()
}

/// The elements with a name and a class.
pub fn all<'a, 'input>(
    document: &'a Document<'input>,
    name: &'a str,
    class: &'a str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    document.descendants().filter(move |node| {
        let classes = node.attribute("class").unwrap_or_default();
        node.has_tag_name(("http://www.w3.org/2000/svg", name))
            && (class.is_empty() || classes.split(' ').any(|one| one == class))
    })
}

/// Fails unless the figure is as every figure has to be.
pub fn sound(figure: &Figure) {
    let id = &figure.id;
    assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)), "{id}");
    assert!(!figure.caption.is_empty() && !figure.title.is_empty() && !figure.data.rows.is_empty(), "{id}");
    let columns = figure.data.columns.len();
    assert!(figure.data.rows.iter().all(|row| row.len() == columns), "{id}: rows of the table");
    let document =
        Document::parse(&figure.svg).unwrap_or_else(|error| panic!("{id}: {error}\n{}", figure.svg));
    let root = document.root_element();
    let has_links = all(&document, "a", "").next().is_some();
    assert_eq!(root.attribute("role"), Some(if has_links { "group" } else { "img" }), "{id}");
    for node in document.descendants().filter(Node::is_element) {
        assert!(!matches!(node.tag_name().name(), "script" | "style" | "foreignObject" | "image"), "{id}");
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on") && attribute.name() != "style", "{id}");
            let value = attribute.value();
            if attribute.name() == "href" {
                assert!(value.starts_with("#/items"), "{id}: {value}");
            } else {
                assert!(!value.contains("NaN") && !value.contains("inf"), "{id}: {node:?}");
            }
        }
    }
    let ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    assert_eq!(ids, [format!("{id}-title"), format!("{id}-about")]);
    let size = (number(root, "width"), number(root, "height"));
    let extents: Vec<Extent> = all(&document, "text", "").map(extent).collect();
    for (place, one) in extents.iter().enumerate() {
        let inside = one.x.0 >= -0.5 && one.x.1 <= size.0 + 0.5 && one.y.0 >= -0.5 && one.y.1 <= size.1 + 0.5;
        assert!(inside, "{id}: `{}` at {one:?} is not inside of {size:?}", one.text);
        for other in &extents[place + 1..] {
            assert!(
                !one.overlaps(other),
                "{id}: `{}` at {one:?} lies over `{}` at {other:?}",
                one.text,
                other.text
            );
        }
    }
}

fn extent(node: Node<'_, '_>) -> Extent {
    let text = words(node);
    let font = if node.attribute("font-family").is_some() { Font::Mono } else { Font::Sans };
    let wide = match node.attribute("textLength") {
        Some(_) => number(node, "textLength"),
        None => width(&text, font),
    };
    if let Some(turned) = node.attribute("transform") {
        let place = turned.trim_start_matches("translate(").split([' ', ')']).take(2);
        let place: Vec<f64> = place.map(|number| number.parse().unwrap()).collect();
        let x = (place[0] - ASCENT, place[0] + DESCENT);
        return Extent { text, x, y: (place[1] - wide / 2.0, place[1] + wide / 2.0) };
    }
    let (x, y) = (number(node, "x"), number(node, "y"));
    let left = match node.attribute("text-anchor") {
        None => x,
        Some("middle") => x - wide / 2.0,
        Some(_) => x - wide,
    };
    Extent { text, x: (left, left + wide), y: (y - ASCENT, y + DESCENT) }
}

impl Extent {
    fn overlaps(&self, other: &Self) -> bool {
        let apart = |one: (f64, f64), other: (f64, f64)| one.1 <= other.0 + 0.05 || other.1 <= one.0 + 0.05;
        !apart(self.x, other.x) && !apart(self.y, other.y)
    }
}
