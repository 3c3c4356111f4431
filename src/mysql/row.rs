//! Rows of a text-protocol result set.

use mysql_common::io::ParseBuf;

use super::Error;

/// The byte that stands in place of a value's length if the value is `NULL`.
const NULL: u8 = 0xfb;

/// One row: a value or `NULL` for each column, in the order of the statement's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Vec<Option<Vec<u8>>>);

impl Row {
    /// Reads a row packet of `columns` columns.
    pub(super) fn parse(payload: &[u8], columns: usize) -> Result<Self, Error> {
        let mut rest = ParseBuf(payload);
        let values = (0..columns)
            .map(|_| match rest.0.first() {
                Some(&NULL) => {
                    rest.skip(1);
                    Ok(None)
                }
                Some(&0xff) | None => Err(Error::Protocol("a malformed row")),
                Some(_) => rest
                    .checked_eat_lenenc_int()
                    .and_then(|length| rest.checked_eat(usize::try_from(length).ok()?))
                    .map(|value| Some(value.to_vec()))
                    .ok_or(Error::Protocol("a malformed row")),
            })
            .collect::<Result<_, _>>()?;
        if rest.is_empty() {
            Ok(Self(values))
        } else {
            Err(Error::Protocol("a row with too many columns"))
        }
    }

    /// The values, in the order of the statement's columns.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        self.0.iter().map(|value| Cell(value.as_deref()))
    }

    /// The values as an array of `N` columns.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the row does not have `N` columns.
    pub fn columns<const N: usize>(&self) -> Result<[Cell<'_>; N], Error> {
        let mut cells = [Cell(None); N];
        self.fill(&mut cells)?;
        Ok(cells)
    }

    /// Copies the values into `cells`, which must be as many.
    fn fill<'a>(&'a self, cells: &mut [Cell<'a>]) -> Result<(), Error> {
        if self.0.len() != cells.len() {
            let what = "a row with an unexpected number of columns";
            return Err(Error::Protocol(what));
        }
        for (cell, value) in cells.iter_mut().zip(self.cells()) {
            *cell = value;
        }
        Ok(())
    }
}

/// The value of one column in one row: bytes, or `NULL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a>(Option<&'a [u8]>);

impl<'a> Cell<'a> {
    /// The bytes, or `None` for `NULL`.
    #[must_use]
    pub fn bytes(self) -> Option<&'a [u8]> {
        self.0
    }

    /// The text, or `None` for `NULL`. Bytes that are not UTF-8, which a binary column can hold,
    /// become U+FFFD.
    #[must_use]
    pub fn text(self) -> Option<String> {
        let bytes = self.0?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// The integer, or `None` for `NULL`. A decimal point and the digits after it are ignored.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the value is not a signed 64-bit integer.
    pub fn int(self) -> Result<Option<i64>, Error> {
        let Some(bytes) = self.0 else {
            return Ok(None);
        };
        let whole = bytes.split(|&byte| byte == b'.').next().unwrap_or(bytes);
        let number = std::str::from_utf8(whole)
            .ok()
            .and_then(|text| text.parse().ok());
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(Error::Protocol("a column that is not an integer")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_nulls_and_empty_strings_are_told_apart() {
        let row = Row::parse(b"\x02ab\xfb\0\x04-7.9", 4).unwrap();
        let [text, null, empty, number] = row.columns().unwrap();
        assert_eq!(text.text().as_deref(), Some("ab"));
        assert_eq!((null.bytes(), null.int().unwrap()), (None, None));
        assert_eq!(empty.text().as_deref(), Some(""));
        assert_eq!(number.int().unwrap(), Some(-7));
        assert!(text.int().is_err());
        assert!(row.columns::<3>().is_err() && row.columns::<5>().is_err());
    }

    #[test]
    fn a_row_that_is_cut_overfull_or_malformed_is_refused() {
        for payload in [
            &b"\x05ab"[..],
            b"\x01a\x01b",
            b"\xff",
            b"",
            b"\xfc\x01",
            b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert!(Row::parse(payload, 1).is_err(), "{payload:?}");
        }
    }
}
