//! Addresses of states of the item browser, which marks lead to.

use crate::record::ItemKey;

/// The item browser, showing what the state says.
pub fn items<'a>(state: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut address = "#/items".to_owned();
    for (at, (key, value)) in state.into_iter().enumerate() {
        address.push(if at == 0 { '?' } else { '&' });
        address.push_str(key);
        address.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                    address.push(char::from(byte));
                }
                _ => address.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    address
}

/// One item, open.
pub fn item(task: &str, key: &ItemKey) -> String {
    let group = key.group.as_ref().map_or(String::new(), |group| format!("{group}/"));
    let id = format!("{task}/{group}{}/{}", key.item, key.repeat);
    items([("task", task), ("id", id.as_str())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_any_text() {
        let address = items([("task", "a/b c"), ("q", "\"&#=ü")]);
        assert_eq!(address, "#/items?task=a/b%20c&q=%22%26%23%3D%C3%BC");
    }
}
