//! The part of Python's pickle language that a dictionary of tensors is written in. Nothing is run: calls are kept as
//! data, and any other instruction is an error. Values lie in one list and name each other by their place, so that no
//! file can make them nest too deep or grow beyond its own size.

use std::collections::BTreeMap;

/// A value's place in the list.
pub(super) type Id = usize;

#[derive(Debug)]
pub(super) enum Value {
    Int(i64),
    Text(String),
    /// A name of Python's: module and name.
    Global(String, String),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A call that is not made: what, and a tuple of its arguments.
    Call(Id, Id),
    /// Something that lies outside of the pickle.
    Persistent(Id),
    /// None of what a tensor is made of.
    Other,
}

/// All values of a pickle.
#[derive(Debug)]
pub(super) struct Values {
    all: Vec<Value>,
    /// The one that the pickle is of.
    root: Id,
}

impl Values {
    /// Reads a pickle.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut machine =
            Machine { bytes, at: 0, all: vec![], stack: vec![], marks: vec![], memo: BTreeMap::new() };
        let root = machine.run()?;
        Ok(Self { all: machine.all, root })
    }

    /// A value.
    pub(super) fn get(&self, id: Id) -> &Value {
        &self.all[id]
    }

    /// The entries of the whole, if it is a dictionary.
    pub(super) fn entries(&self) -> Option<&[(Id, Id)]> {
        if let Value::Dict(entries) = self.get(self.root) { Some(entries) } else { None }
    }

    /// A tuple's parts.
    pub(super) fn tuple(&self, id: Id) -> Option<&[Id]> {
        if let Value::Tuple(parts) = self.get(id) { Some(parts) } else { None }
    }

    /// A text.
    pub(super) fn text(&self, id: Id) -> Option<&str> {
        if let Value::Text(text) = self.get(id) { Some(text) } else { None }
    }

    /// A whole number from 0 on.
    pub(super) fn size(&self, id: Id) -> Option<usize> {
        if let Value::Int(int) = self.get(id) { usize::try_from(*int).ok() } else { None }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    all: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Id>,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Id, String> {
        loop {
            let [instruction] = self.take()?;
            if instruction == b'.' {
                return self.pop();
            }
            self.step(instruction)?;
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each instruction")]
    #[expect(clippy::match_same_arms, reason = "instructions are grouped by what they are for")]
    fn step(&mut self, instruction: u8) -> Result<(), String> {
        match instruction {
            // Protocol, frame.
            0x80 => drop(self.take::<1>()?),
            0x95 => drop(self.take::<8>()?),
            // Numbers and other constants.
            b'K' => {
                let [int] = self.take()?;
                self.push(Value::Int(int.into()));
            }
            b'M' => {
                let int = u16::from_le_bytes(self.take()?);
                self.push(Value::Int(int.into()));
            }
            b'J' => {
                let int = i32::from_le_bytes(self.take()?);
                self.push(Value::Int(int.into()));
            }
            0x8a => {
                let [len] = self.take()?;
                let int = long(self.slice(len.into())?);
                self.push(int);
            }
            b'G' => {
                self.take::<8>()?;
                self.push(Value::Other);
            }
            b'N' | 0x88 | 0x89 => self.push(Value::Other),
            // Texts and bytes.
            b'X' => {
                let len = u32::from_le_bytes(self.take()?);
                self.push_text(len as usize)?;
            }
            0x8c => {
                let [len] = self.take()?;
                self.push_text(len.into())?;
            }
            b'T' | b'B' => {
                let len = u32::from_le_bytes(self.take()?);
                self.slice(len as usize)?;
                self.push(Value::Other);
            }
            b'U' | b'C' => {
                let [len] = self.take()?;
                self.slice(len.into())?;
                self.push(Value::Other);
            }
            // Names and calls.
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Global(module, name));
            }
            0x93 => {
                let (name, module) = (self.pop_text()?, self.pop_text()?);
                self.push(Value::Global(module, name));
            }
            b'R' | 0x81 => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                self.call(callable, arguments);
            }
            // The state of an object is of no use here.
            b'b' | b'0' => drop(self.pop()?),
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Persistent(id));
            }
            // Collections.
            b'(' => self.marks.push(self.stack.len()),
            b')' => self.push(Value::Tuple(vec![])),
            b't' => {
                let parts = self.pop_marked()?;
                self.push(Value::Tuple(parts));
            }
            0x85..=0x87 => {
                let start = self.stack.len().checked_sub(usize::from(instruction - 0x84));
                let parts = self.stack.split_off(start.ok_or("takes more values than it has")?);
                self.push(Value::Tuple(parts));
            }
            b']' => self.push(Value::Other),
            b'a' => drop(self.pop()?),
            b'e' => drop(self.pop_marked()?),
            b'}' => self.push(Value::Dict(vec![])),
            b'd' => {
                self.push(Value::Dict(vec![]));
                let dict = self.pop()?;
                let entries = self.pop_marked()?;
                self.stack.push(dict);
                self.insert(&entries)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])?;
            }
            b'u' => {
                let entries = self.pop_marked()?;
                self.insert(&entries)?;
            }
            // What is used again.
            b'q' => {
                let [key] = self.take()?;
                self.remember(key.into())?;
            }
            b'r' => {
                let key = u32::from_le_bytes(self.take()?);
                self.remember(key)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let [key] = self.take()?;
                self.recall(key.into())?;
            }
            b'j' => {
                let key = u32::from_le_bytes(self.take()?);
                self.recall(key)?;
            }
            other => {
                return Err(format!("uses instruction {other:#04x}, which no dictionary of tensors needs"));
            }
        }
        Ok(())
    }

    fn call(&mut self, callable: Id, arguments: Id) {
        let ordered = matches!(&self.all[callable], Value::Global(module, name) if module == "collections" && name == "OrderedDict");
        self.push(if ordered { Value::Dict(vec![]) } else { Value::Call(callable, arguments) });
    }

    /// Puts keys and values, in turn, into the dictionary on top of the stack.
    fn insert(&mut self, entries: &[Id]) -> Result<(), String> {
        let dict = *self.stack.last().ok_or("takes more values than it has")?;
        let Value::Dict(own) = &mut self.all[dict] else {
            return Err("puts an entry into what is no dictionary".into());
        };
        let (pairs, rest) = entries.as_chunks::<2>();
        if !rest.is_empty() {
            return Err("has a key without a value".into());
        }
        own.extend(pairs.iter().map(|[key, value]| (*key, *value)));
        Ok(())
    }

    fn remember(&mut self, key: u32) -> Result<(), String> {
        let last = *self.stack.last().ok_or("takes more values than it has")?;
        self.memo.insert(key, last);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Result<(), String> {
        let id = *self.memo.get(&key).ok_or("recalls what it never stored")?;
        self.stack.push(id);
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.all.len());
        self.all.push(value);
    }

    fn push_text(&mut self, len: usize) -> Result<(), String> {
        let text =
            String::from_utf8(self.slice(len)?.to_vec()).map_err(|_| "has a text that is not UTF-8")?;
        self.push(Value::Text(text));
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, String> {
        self.stack.pop().ok_or_else(|| "takes more values than it has".into())
    }

    fn pop_text(&mut self) -> Result<String, String> {
        let id = self.pop()?;
        if let Value::Text(text) = &self.all[id] {
            Ok(text.clone())
        } else {
            Err("names something by what is no text".into())
        }
    }

    fn pop_marked(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or("ends a list that never began")?))
    }

    fn line(&mut self) -> Result<String, String> {
        let len = self.bytes[self.at..].iter().position(|byte| *byte == b'\n').ok_or("ends in the middle")?;
        let line = String::from_utf8_lossy(self.slice(len)?).into_owned();
        self.at += 1;
        Ok(line)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        Ok(self.slice(N)?.try_into().expect("the slice has the length that was asked for"))
    }

    fn slice(&mut self, len: usize) -> Result<&[u8], String> {
        let slice = self.bytes[self.at..].get(..len).ok_or("ends in the middle")?;
        self.at += len;
        Ok(slice)
    }
}

/// A little-endian two's complement number of up to 8 bytes.
fn long(bytes: &[u8]) -> Value {
    let negative = bytes.last().is_some_and(|byte| *byte >= 0x80);
    let mut full = [if negative { 0xff } else { 0 }; 8];
    let Some(low) = full.get_mut(..bytes.len()) else { return Value::Other };
    low.copy_from_slice(bytes);
    Value::Int(i64::from_le_bytes(full))
}
