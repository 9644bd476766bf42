//! Documents of Word and Excel (ECMA-376): each shows an image that lies on a server.

use super::{
    Body, Task,
    archive::{Part, archive, dos},
};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
/// Size of the image in EMU: two hundredths of an inch.
const SIZE: u32 = 18_288;

/// A document with a page header that is an image elsewhere.
pub(super) fn document(task: &mut Task<'_>) -> Body {
    let url = task.url("media/{id}/logo.png");
    let word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    let title = task.draw.one(&[
        "Quarterly report",
        "Access list",
        "Meeting notes",
        "Recovery plan",
        "Salary review",
    ]);
    let types = types(&[
        ("/word/document.xml", "wordprocessingml.document.main"),
        ("/word/header1.xml", "wordprocessingml.header"),
    ]);
    let text = format!(
        "{HEAD}<w:document xmlns:w=\"{word}\" xmlns:r=\"{OFFICE}\"><w:body><w:p><w:r><w:t>{title}</w:t></w:r></w:p>\
         <w:p><w:r><w:t>Draft, internal. Figures follow after the review.</w:t></w:r></w:p><w:sectPr>\
         <w:headerReference w:type=\"default\" r:id=\"rId1\"/><w:pgSz w:w=\"11906\" w:h=\"16838\"/></w:sectPr>\
         </w:body></w:document>"
    );
    let picture = picture();
    let header = format!(
        "{HEAD}<w:hdr xmlns:w=\"{word}\" xmlns:r=\"{OFFICE}\" \
         xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing\" \
         xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" \
         xmlns:pic=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"><w:p><w:r><w:drawing>\
         <wp:inline distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\"><wp:extent cx=\"{SIZE}\" cy=\"{SIZE}\"/>\
         <wp:docPr id=\"1\" name=\"Logo\"/><a:graphic><a:graphicData \
         uri=\"http://schemas.openxmlformats.org/drawingml/2006/picture\">{picture}</a:graphicData></a:graphic>\
         </wp:inline></w:drawing></w:r></w:p></w:hdr>"
    );
    let parts = [
        Part::new("[Content_Types].xml", types),
        Part::new("_rels/.rels", relations(&[("rId1", "officeDocument", "word/document.xml", false)])),
        Part::new("word/document.xml", text),
        Part::new("word/_rels/document.xml.rels", relations(&[("rId1", "header", "header1.xml", false)])),
        Part::new("word/header1.xml", header),
        Part::new("word/_rels/header1.xml.rels", relations(&[("rId9", "image", url.as_str(), true)])),
    ];
    Body { content: archive(&parts, dos(task.now)), lead: url, secrets: Vec::new() }
}

/// A sheet with an image that lies elsewhere.
pub(super) fn sheet(task: &mut Task<'_>) -> Body {
    let url = task.url("media/{id}/chart.png");
    let sheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let types = types(&[
        ("/xl/workbook.xml", "spreadsheetml.sheet.main"),
        ("/xl/worksheets/sheet1.xml", "spreadsheetml.worksheet"),
        ("/xl/drawings/drawing1.xml", "drawing"),
    ]);
    let workbook = format!(
        "{HEAD}<workbook xmlns=\"{sheet}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"Budget\" sheetId=\"1\" \
         r:id=\"rId1\"/></sheets></workbook>"
    );
    let mut rows = String::new();
    for (index, item) in ["Hosting", "Licences", "Backup", "Consulting", "Training"].iter().enumerate() {
        let (row, amount) = (index + 1, 1200 + 50 * task.draw.below(400));
        rows.push_str(&format!(
            "<row r=\"{row}\"><c r=\"A{row}\" t=\"inlineStr\"><is><t>{item}</t></is></c><c r=\"B{row}\"><v>{amount}</v>\
             </c></row>"
        ));
    }
    let table = format!(
        "{HEAD}<worksheet xmlns=\"{sheet}\" xmlns:r=\"{OFFICE}\"><sheetData>{rows}</sheetData>\
         <drawing r:id=\"rId1\"/></worksheet>"
    );
    let picture = picture().replace("<pic:", "<xdr:").replace("</pic:", "</xdr:");
    let drawing = format!(
        "{HEAD}<xdr:wsDr xmlns:xdr=\"http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing\" \
         xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" xmlns:r=\"{OFFICE}\"><xdr:oneCellAnchor>\
         <xdr:from><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>0</xdr:row><xdr:rowOff>0</xdr:rowOff>\
         </xdr:from><xdr:ext cx=\"{SIZE}\" cy=\"{SIZE}\"/>{picture}<xdr:clientData/></xdr:oneCellAnchor></xdr:wsDr>"
    );
    let parts = [
        Part::new("[Content_Types].xml", types),
        Part::new("_rels/.rels", relations(&[("rId1", "officeDocument", "xl/workbook.xml", false)])),
        Part::new("xl/workbook.xml", workbook),
        Part::new(
            "xl/_rels/workbook.xml.rels",
            relations(&[("rId1", "worksheet", "worksheets/sheet1.xml", false)]),
        ),
        Part::new("xl/worksheets/sheet1.xml", table),
        Part::new(
            "xl/worksheets/_rels/sheet1.xml.rels",
            relations(&[("rId1", "drawing", "../drawings/drawing1.xml", false)]),
        ),
        Part::new("xl/drawings/drawing1.xml", drawing),
        Part::new("xl/drawings/_rels/drawing1.xml.rels", relations(&[("rId9", "image", url.as_str(), true)])),
    ];
    Body { content: archive(&parts, dos(task.now)), lead: url, secrets: Vec::new() }
}

/// The image that both show, by its relation `rId9`: linked, not embedded.
fn picture() -> String {
    format!(
        "<pic:pic><pic:nvPicPr><pic:cNvPr id=\"1\" name=\"Logo\"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>\
         <a:blip r:link=\"rId9\"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>\
         <a:off x=\"0\" y=\"0\"/><a:ext cx=\"{SIZE}\" cy=\"{SIZE}\"/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/>\
         </a:prstGeom></pic:spPr></pic:pic>"
    )
}

fn types(parts: &[(&str, &str)]) -> String {
    let mut text = format!(
        "{HEAD}<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
         ContentType=\"application/xml\"/>"
    );
    for (name, kind) in parts {
        text.push_str(&format!(
            "<Override PartName=\"{name}\" ContentType=\"application/vnd.openxmlformats-officedocument.{kind}+xml\"/>"
        ));
    }
    text.push_str("</Types>");
    text
}

/// Relations: id, kind, target, and whether the target lies outside.
fn relations(list: &[(&str, &str, &str, bool)]) -> String {
    let mut text = format!("{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\">");
    for (id, kind, target, outside) in list {
        let mode = if *outside { " TargetMode=\"External\"" } else { "" };
        text.push_str(&format!(
            "<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"{mode}/>"
        ));
    }
    text.push_str("</Relationships>");
    text
}
