//! Memory that products go through again and again, laid so that the processor finds it fast.

/// Bytes of a line of the cache.
pub(super) const LINE: usize = 64;
/// Bytes of a page of memory.
const PAGE: usize = 4 << 10;
/// Bytes of a page of memory that saves the processor from looking up hundreds of smaller ones, and whose parts are never in
/// one another's way in the second cache.
const LARGE_PAGE: usize = 2 << 20;

/// Numbers that begin at a line of the cache, so that no register is filled from two.
#[derive(Default)]
pub(super) struct Aligned<T> {
    data: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// Zeros, to be read from one end to the other: they begin a line after a page. A Zen 5 reads what begins with a page at
    /// three quarters of the speed.
    pub(super) fn stream(len: usize) -> Self {
        Self::new(len, PAGE, LINE)
    }

    /// At least so many zeros, to be read again and again: in large pages where they fill a good part of one.
    pub(super) fn near(len: usize) -> Self {
        let page = LARGE_PAGE / size_of::<T>();
        if len < page / 16 {
            Self::new(len, LINE, 0)
        } else {
            Self::new(len.next_multiple_of(page), LARGE_PAGE, 0)
        }
    }

    /// Zeros that begin so many bytes after a multiple of `to` bytes.
    fn new(len: usize, to: usize, after: usize) -> Self {
        let after = after / size_of::<T>();
        let spare = to / size_of::<T>() - 1;
        let data = vec![T::default(); len + spare + after];
        let start = data.as_ptr().align_offset(to).min(spare) + after;
        in_large_pages(&data[start..start + len]);
        Self { data, start, len }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self) -> &[T] {
        &self.data[self.start..][..self.len]
    }

    pub(super) fn get_mut(&mut self) -> &mut [T] {
        &mut self.data[self.start..][..self.len]
    }
}

/// Asks the system to keep numbers that were not written yet in large pages, where they fill some.
#[cfg(target_os = "linux")]
fn in_large_pages<T>(data: &[T]) {
    let start = data.as_ptr().cast::<u8>();
    let to_page = start.align_offset(LARGE_PAGE);
    let whole = size_of_val(data).saturating_sub(to_page) / LARGE_PAGE * LARGE_PAGE;
    if whole > 0 {
        let start = start.wrapping_add(to_page).cast_mut();
        #[expect(unsafe_code, reason = "the system takes an address")]
        // SAFETY: the range lies within the data; how its pages are kept does not change what they hold. Where the system
        // refuses, they stay small.
        let _ = unsafe { libc::madvise(start.cast(), whole, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn in_large_pages<T>(_: &[T]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_where_they_are_read_fastest() {
        for len in [0, 1, 1000, LARGE_PAGE] {
            let (stream, near) = (Aligned::<u16>::stream(len), Aligned::<f32>::near(len));
            assert_eq!(stream.get().as_ptr() as usize % PAGE, LINE);
            assert!(stream.len() == len && near.len() >= len);
            let to = if len == LARGE_PAGE { LARGE_PAGE } else { LINE };
            assert_eq!(near.get().as_ptr() as usize % to, 0);
            assert!(
                stream.get().iter().all(|number| *number == 0)
                    && near.get().iter().all(|number| number.to_bits() == 0)
            );
        }
    }
}
