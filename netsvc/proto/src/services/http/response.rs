//! A response before the product writes it.

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// What is in it.
    pub content: Content,
    /// Further fields in order.
    pub fields: Vec<(&'static str, String)>,
    /// Whether the connection ends with it.
    pub close: bool,
    /// What made it.
    pub source: Source,
    /// More about the error, where the product's page says more.
    pub detail: String,
}

/// What made a response: what a server in front passes on differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The server that the peer speaks with.
    #[default]
    Server,
    /// A program that streams, such as PHP by FastCGI: a status with its text, and no length.
    Streamed,
    /// A program with an HTTP server of its own: a status with its text, and a length.
    Program,
    /// Tomcat: a status without a text, and a length.
    Tomcat,
}

/// What is in a response.
#[derive(Clone, Debug)]
pub enum Content {
    /// The product's own page for the status.
    Standard,
    /// Nothing.
    Empty,
    /// A page that an application made.
    Page {
        /// Content-Type.
        kind: &'static str,
        /// Bytes.
        body: Vec<u8>,
    },
    /// A file.
    File {
        /// Content-Type.
        kind: &'static str,
        /// Bytes.
        body: Vec<u8>,
        /// Time of last change, µs since the epoch.
        modified: i64,
    },
    /// The request's head, as TRACE gives it back.
    Echo(Vec<u8>),
}

impl Response {
    /// The product's own page for `status`.
    pub fn standard(status: u16) -> Self {
        Response {
            status,
            content: Content::Standard,
            fields: Vec::new(),
            close: false,
            source: Source::Server,
            detail: String::new(),
        }
    }

    /// A response without a body.
    pub fn empty(status: u16) -> Self {
        Response { content: Content::Empty, ..Response::standard(status) }
    }

    /// An HTML page of an application.
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        Response::page(status, "text/html; charset=UTF-8", body)
    }

    /// A page of an application.
    pub fn page(status: u16, kind: &'static str, body: impl Into<String>) -> Self {
        Response {
            content: Content::Page { kind, body: body.into().into_bytes() },
            ..Response::standard(status)
        }
    }

    /// A file.
    pub fn file(kind: &'static str, body: impl Into<Vec<u8>>, modified: i64) -> Self {
        Response { content: Content::File { kind, body: body.into(), modified }, ..Response::standard(200) }
    }

    /// A redirect by an application.
    pub fn redirect(to: impl Into<String>) -> Self {
        Response::page(302, "text/html; charset=UTF-8", "").with("Location", to)
    }

    /// Adds a field.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Adds fields.
    pub fn with_all(mut self, fields: Vec<(&'static str, String)>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Ends the connection.
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }
}
