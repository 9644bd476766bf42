//! Tomcat and Jenkins.

use super::{Visit, document, fresh, icon};
use crate::services::http::{
    credentials::Verdict,
    html::escape,
    response::{Content, Response},
};
use netsvc_kit::Out;

/// Version that the Tomcat pages show.
const TOMCAT: &str = "9.0.70";
/// Version that the Jenkins pages show.
const JENKINS: &str = "2.426.3";

/// Tomcat with its manager.
pub fn tomcat(visit: &Visit<'_>) -> Option<Response> {
    let path = visit.request.path.as_str();
    let at = visit.installed();
    Some(match path {
        "/" | "/index.jsp" => {
            let body = format!(
                "<div id=\"wrapper\"><h1>Apache Tomcat/{TOMCAT}</h1>\n<h2>If you're seeing this, you've successfully \
                 installed Tomcat. Congratulations!</h2>\n<p><a href=\"/manager/status\">Server Status</a> <a \
                 href=\"/manager/html\">Manager App</a> <a href=\"/host-manager/html\">Host Manager</a></p></div>"
            );
            Response::html(200, document(&format!("Apache Tomcat/{TOMCAT}"), &body))
        }
        "/favicon.ico" => Response::file("image/x-icon", icon(b"\x10\xb0\xf0"), at),
        "/manager" | "/host-manager" => Response::redirect(format!("{path}/")),
        "/manager/" => Response::redirect("/manager/html"),
        _ if path.starts_with("/manager/") || path.starts_with("/host-manager/") => manager(visit),
        _ if path.ends_with(".jsp") || path.starts_with("/examples") || path.starts_with("/docs") => {
            missing(visit)
        }
        _ => missing(visit),
    })
}

fn manager(visit: &Visit<'_>) -> Response {
    if let Verdict::Accepted(user) = visit.verdict {
        if visit.request.path.contains("upload") || visit.request.path.contains("deploy") {
            return Response::page(
                200,
                "text/plain;charset=utf-8",
                "FAIL - Deploy Upload Failed, Exception: [java.io.IOException: No space left on device]\n",
            );
        }
        let body = format!(
            "<h1>Tomcat Web Application Manager</h1><p>Message: OK</p><table><tr><td>/</td><td>Welcome to \
             Tomcat</td><td>true</td></tr><tr><td>/manager</td><td>Tomcat Manager Application</td><td>true</td></tr>\
             </table><p>Apache Tomcat/{TOMCAT} {}</p><form method=\"post\" action=\"/manager/html/upload?org.apache.\
             catalina.filters.CSRF_NONCE={}\" enctype=\"multipart/form-data\"><input type=\"file\" \
             name=\"deployWar\"><input type=\"submit\" value=\"Deploy\"></form>",
            escape(user),
            fresh().to_uppercase()
        );
        return Response::html(200, document("/manager", &body)).with(
            "Set-Cookie",
            format!("JSESSIONID={}; Path=/manager; HttpOnly", visit.session("tomcat").to_uppercase()),
        );
    }
    let body = "<html><head><title>401 Unauthorized</title></head><body><h1>401 Unauthorized</h1><p>You are not \
                authorized to view this page. If you have not changed any configuration files, please examine the \
                file <tt>conf/tomcat-users.xml</tt> in your installation.</p></body></html>\n";
    let realm = if visit.request.path.starts_with("/host") {
        "Tomcat Host Manager Application"
    } else {
        "Tomcat Manager Application"
    };
    Response::page(401, "text/html;charset=ISO-8859-1", body)
        .with("WWW-Authenticate", format!("Basic realm=\"{realm}\""))
        .with("Cache-Control", "private")
}

fn missing(visit: &Visit<'_>) -> Response {
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status 404 – Not Found</title></head><body><h1>HTTP Status \
         404 – Not Found</h1><hr class=\"line\" /><p><b>Type</b> Status Report</p><p><b>Message</b> The requested \
         resource [{}] is not available</p><p><b>Description</b> The origin server did not find a current \
         representation for the target resource or is not willing to disclose that one exists.</p><hr class=\"line\" \
         /><h3>Apache Tomcat/{TOMCAT}</h3></body></html>",
        escape(&visit.request.path)
    );
    Response::page(404, "text/html;charset=utf-8", body).with("Content-Language", "en")
}

/// Jenkins.
pub fn jenkins(visit: &Visit<'_>, out: &mut Out) -> Option<Response> {
    let path = visit.request.path.as_str();
    let at = visit.installed();
    let response = match path {
        "/login" | "/loginError" => sign_in(path == "/loginError"),
        "/j_spring_security_check" | "/j_acegi_security_check" => match visit.login(out) {
            Some(true) => Response::redirect("/").with(
                "Set-Cookie",
                format!("{}=node0{}; Path=/; HttpOnly", cookie(visit), visit.session("jenkins")),
            ),
            _ => Response::redirect("/loginError"),
        },
        "/robots.txt" => Response::file(
            "text/plain",
            "# we don't want robots to click \"build\" links\nUser-agent: *\nDisallow: /\n",
            at,
        ),
        "/favicon.ico" => Response::file("image/x-icon", icon(b"\x33\x50\xd0"), at),
        "/" | "/script" | "/manage" | "/computer/" | "/asynchPeople/" | "/api/json" | "/whoAmI/" | "/cli" => {
            if visit.request.cookie(&cookie(visit)) == Some(&format!("node0{}", visit.session("jenkins"))) {
                let body = "<div id=\"main-panel\"><h1>Jenkins is going to shut down</h1><p>Jenkins is preparing for \
                            maintenance. New builds are not started.</p></div>";
                Response::page(200, "text/html;charset=utf-8", document("Dashboard [Jenkins]", body))
            } else {
                forbidden(path)
            }
        }
        // Stapler lets nobody know what there is who has not logged in.
        _ => forbidden(path),
    };
    if matches!(response.content, Content::File { .. }) {
        return Some(response);
    }
    Some(marked(visit, response))
}

/// What Jenkins says with every answer, in its order.
fn marked(visit: &Visit<'_>, mut response: Response) -> Response {
    let fields = std::mem::take(&mut response.fields);
    let named = |name: &str| fields.iter().any(|(known, _)| *known == name);
    let begun =
        named("Set-Cookie") || visit.request.cookie(&cookie(visit)).is_some() || response.status == 302;
    let mut response = response.with("X-Content-Type-Options", "nosniff");
    if !begun {
        let session = format!("{}=node0{}.node0; Path=/; HttpOnly", cookie(visit), fresh());
        response = response.with("Set-Cookie", session).with("Expires", "Thu, 01 Jan 1970 00:00:00 GMT");
    }
    let (framed, plain): (Vec<_>, Vec<_>) =
        fields.into_iter().partition(|(name, _)| *name == "X-Frame-Options");
    response
        .with_all(plain)
        .with("X-Hudson", "1.395")
        .with("X-Jenkins", JENKINS)
        .with("X-Jenkins-Session", visit.token("jenkins session").get(..8).unwrap_or("0").to_owned())
        .with_all(framed)
}

/// Name of the cookie of a session.
fn cookie(visit: &Visit<'_>) -> String {
    format!("JSESSIONID.{}", visit.token("jenkins").get(..8).unwrap_or("0"))
}

fn sign_in(failed: bool) -> Response {
    let error = if failed {
        "<div class=\"app-sign-in-register__error\">Invalid username or password</div>"
    } else {
        ""
    };
    let body = format!(
        "<div class=\"app-sign-in-register\"><h1>Sign in to Jenkins</h1>{error}<form method=\"post\" name=\"login\" \
         action=\"j_spring_security_check\"><label for=\"j_username\">Username</label><input autocorrect=\"off\" \
         name=\"j_username\" id=\"j_username\" type=\"text\"><label for=\"j_password\">Password</label><input \
         name=\"j_password\" id=\"j_password\" type=\"password\"><input name=\"from\" type=\"hidden\" value=\"/\"><button \
         type=\"submit\" name=\"Submit\">Sign in</button></form></div>"
    );
    Response::page(
        if failed { 401 } else { 200 },
        "text/html;charset=utf-8",
        document("Sign in [Jenkins]", &body),
    )
    .with("Cache-Control", "no-cache,no-store,must-revalidate")
    .with("X-Hudson-Theme", "default")
    .with("Referrer-Policy", "same-origin")
    .with("Cross-Origin-Opener-Policy", "same-origin")
    .with("X-Frame-Options", "sameorigin")
}

fn forbidden(path: &str) -> Response {
    let from = path.replace('/', "%2F");
    let body = format!(
        "<html><head><meta http-equiv='refresh' content='1;url=/login?from={from}'/><script>window.location.\
         replace('/login?from={from}');</script></head><body style='background-color:white; color:white;'>\n\n\n\
         Authentication required\n<!--\n-->\n\n</body></html>"
    );
    Response::page(403, "text/html;charset=utf-8", body)
}
