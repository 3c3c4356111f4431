//! Rows of a text result set.

use mysql_common::io::ParseBuf;

use super::Error;

/// In the place of a length: the column is `NULL`.
const NULL: u8 = 0xfb;

/// One row: a value or `NULL` for each column, in the order of the statement.
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
            Err(Error::Protocol("a row with more than its columns"))
        }
    }

    /// The bytes of a column, or none for `NULL`.
    ///
    /// # Errors
    /// [`Error::Protocol`] when there is no such column.
    pub fn bytes(&self, column: usize) -> Result<Option<&[u8]>, Error> {
        match self.0.get(column) {
            Some(value) => Ok(value.as_deref()),
            None => Err(Error::Protocol("a row with fewer columns than asked for")),
        }
    }

    /// The text of a column, or none for `NULL`. Bytes that are not UTF-8 (a binary column can
    /// hold them) become U+FFFD.
    ///
    /// # Errors
    /// [`Error::Protocol`] when there is no such column.
    pub fn text(&self, column: usize) -> Result<Option<String>, Error> {
        let bytes = self.bytes(column)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
    }

    /// The integer of a column, or none for `NULL`. Digits after a decimal point are left out.
    ///
    /// # Errors
    /// [`Error::Protocol`] when there is no such column or it holds no 64-bit integer.
    pub fn int(&self, column: usize) -> Result<Option<i64>, Error> {
        let Some(bytes) = self.bytes(column)? else {
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
        assert_eq!(row.text(0).unwrap().as_deref(), Some("ab"));
        assert_eq!(row.bytes(1).unwrap(), None);
        assert_eq!(row.text(2).unwrap().as_deref(), Some(""));
        assert_eq!(row.int(3).unwrap(), Some(-7));
        assert!(row.bytes(4).is_err());
        assert!(row.int(0).is_err());
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
