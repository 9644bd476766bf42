//! A PDF (ISO 32000-1) that opens an address, and shows a page with the same address as a link.

use super::{Body, Task};

/// A contract that nobody has signed.
pub(super) fn paper(task: &mut Task<'_>) -> Body {
    let url = task.url("docs/{id}/view");
    let number = 1000 + task.draw.below(9000);
    let page = format!(
        "BT /F1 18 Tf 72 760 Td (Framework agreement {number}) Tj ET\nBT /F1 11 Tf 72 730 Td (Confidential. The signed \
         copy is kept in the contract archive.) Tj ET\nBT /F1 11 Tf 0 0 0.8 rg 72 700 Td (Open the signed copy) Tj ET\n"
    );
    let action = format!("<< /S /URI /URI ({}) >>", escaped(&url));
    let objects = [
        format!("<< /Type /Catalog /Pages 2 0 R /OpenAction {action} >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> \
         /Contents 5 0 R /Annots [6 0 R] >>"
            .to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{page}endstream", page.len()),
        format!("<< /Type /Annot /Subtype /Link /Rect [70 694 190 716] /Border [0 0 0] /A {action} >>"),
    ];
    Body { content: file(&objects), lead: url, secrets: Vec::new() }
}

/// A file of `objects`, the first of which is the catalogue.
fn file(objects: &[String]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend_from_slice(format!("{} 0 obj\n{object}\nendobj\n", index + 1).as_bytes());
    }
    let at = out.len();
    let count = objects.len() + 1;
    out.extend_from_slice(format!("xref\n0 {count}\n0000000000 65535 f \n").as_bytes());
    for place in places {
        out.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    out.extend_from_slice(
        format!("trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n").as_bytes(),
    );
    out
}

/// Text as a literal string (7.3.4.2).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)")
}
