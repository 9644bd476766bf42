//! Where a query's rows go, if it is not to the client.

use crate::{
    lexer::Token,
    parse::{Parser, Read},
};

impl Parser<'_> {
    /// `INTO OUTFILE` and `INTO DUMPFILE`: the file's name.
    pub(crate) fn file_behind_into(&mut self) -> Read<Option<Vec<u8>>> {
        if !self.word("into") {
            return Ok(None);
        }
        if !(self.word("outfile") || self.word("dumpfile")) {
            return Err(self.wrong());
        }
        let path = self.text()?;
        while [
            "fields",
            "columns",
            "lines",
            "terminated",
            "enclosed",
            "optionally",
            "escaped",
            "starting",
            "by",
            "character",
            "set",
        ]
        .iter()
        .any(|word| self.word(word))
            || matches!(self.peek(), Some(Token::Text(_) | Token::Bytes(_)))
        {
            if matches!(self.peek(), Some(Token::Text(_) | Token::Bytes(_))) {
                self.skip();
            }
        }
        Ok(Some(path))
    }
}
