//! GitLab and Grafana.

use super::{Visit, document, fresh, icon};
use crate::services::http::{
    html::escape,
    response::{Content, Response},
};
use netsvc_kit::Out;

/// Version that the Grafana pages show.
const GRAFANA: &str = "9.5.15";

/// GitLab.
pub fn gitlab(visit: &Visit<'_>, out: &mut Out) -> Option<Response> {
    let at = visit.installed();
    let base = visit.base();
    Some(match visit.request.path.as_str() {
        "/" | "/explore" | "/dashboard/projects" | "/admin" => {
            if visit.is_in("gitlab", "_gitlab_session") {
                let body = "<main><h1>Two-factor authentication is required</h1><p>The global settings require you to \
                            enable Two-Factor Authentication for your account. You need to do this before 48 \
                            hours.</p></main>";
                Response::page(
                    200,
                    "text/html; charset=utf-8",
                    document("Two-Factor Authentication · GitLab", body),
                )
            } else {
                Response::redirect(format!("{base}/users/sign_in"))
            }
        }
        "/users/sign_in" => sign_in(visit, out),
        "/users/password/new" => Response::page(
            200,
            "text/html; charset=utf-8",
            document("Forgot your password? · GitLab", "<h1>Reset password</h1>"),
        ),
        "/api/v4/version" | "/api/v4/users" | "/api/v4/projects"
            if visit.request.field("private-token").is_none() =>
        {
            Response::page(401, "application/json", "{\"message\":\"401 Unauthorized\"}")
        }
        "/robots.txt" => Response::file(
            "text/plain",
            "User-Agent: *\nDisallow: /autocomplete/users\nDisallow: /search\nDisallow: /admin\n",
            at,
        ),
        "/favicon.ico" => Response::file("image/x-icon", icon(b"\x26\x6d\xfc"), at),
        path if path.starts_with("/api/") => {
            Response::page(404, "application/json", "{\"error\":\"404 Not Found\"}")
        }
        // Who is not let in is not told what there is.
        path if visit.is_read() && path.trim_matches('/').contains('/') => {
            Response::redirect(format!("{base}/users/sign_in"))
        }
        _ => missing(),
    })
    .map(|response| marked(visit, response))
}

/// The page of Rails for what there is not.
fn missing() -> Response {
    let body = "<h1>404</h1><h3>Page Not Found</h3><hr /><p>Make sure the address is correct and the page hasn't \
                moved.</p><p>Please contact your GitLab administrator if you think this is a mistake.</p>";
    Response::page(
        404,
        "text/html; charset=utf-8",
        document("The page you're looking for could not be found (404)", body),
    )
}

/// What Rails says with every answer.
fn marked(visit: &Visit<'_>, response: Response) -> Response {
    if matches!(response.content, Content::File { .. }) {
        return response;
    }
    let id = format!("01{}", fresh().to_uppercase().get(..24).unwrap_or_default());
    let time =
        f64::from(u32::try_from(visit.host.clock().unsigned_abs() % 90_000).unwrap_or(0)) / 1_000_000.0;
    let api = visit.request.path.starts_with("/api/");
    let response = if response.status == 302 && response.fields.iter().any(|(name, _)| *name == "Location") {
        // Rails says where to in words too.
        let place = response.fields.iter().find(|(name, _)| *name == "Location");
        let place = place.map(|(_, value)| escape(value)).unwrap_or_default();
        let body = format!("<html><body>You are being <a href=\"{place}\">redirected</a>.</body></html>");
        let fields = response.fields;
        Response { fields, ..Response::page(302, "text/html; charset=utf-8", body) }
    } else {
        response
    };
    let kept = if api || response.status != 200 { "no-cache" } else { "max-age=0, private, must-revalidate" };
    let mut response = response.with("Cache-Control", kept).with("Content-Security-Policy", "");
    for (name, value) in [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("X-Permitted-Cross-Domain-Policies", "none"),
        ("X-Download-Options", "noopen"),
        ("X-Xss-Protection", "1; mode=block"),
        ("Permissions-Policy", "interest-cohort=()"),
        ("X-Ua-Compatible", "IE=edge"),
    ] {
        if !api || matches!(name, "X-Content-Type-Options" | "X-Frame-Options") {
            response = response.with(name, value);
        }
    }
    let mut response = response
        .with("X-Gitlab-Meta", format!("{{\"correlation_id\":\"{id}\",\"version\":\"1\"}}"))
        .with("X-Request-Id", id)
        .with("X-Runtime", format!("{:.6}", 0.021 + time));
    // Workhorse is Go, which writes fields in the order of their names.
    response.fields.sort_by_key(|(name, _)| *name);
    // The server in front adds these.
    response
        .with("Strict-Transport-Security", "max-age=63072000")
        .with("Referrer-Policy", "strict-origin-when-cross-origin")
}

fn sign_in(visit: &Visit<'_>, out: &mut Out) -> Response {
    let mut alert = "";
    if visit.is_post() {
        if visit.login(out) == Some(true) {
            let cookie = format!("_gitlab_session={}; path=/; HttpOnly", visit.session("gitlab"));
            return Response::redirect(format!("{}/", visit.base())).with("Set-Cookie", cookie);
        }
        alert = "<div class=\"gl-alert gl-alert-warning flash-alert\" role=\"alert\">Invalid login or password.</div>";
    }
    let token = fresh();
    // Appearance, in the words of its settings: the title of the sign-in page.
    let title =
        visit.own_title().map_or_else(|| "GitLab Community Edition".to_owned(), |title| escape(&title));
    let page = format!(
        "<!DOCTYPE html>\n<html class=\"devise-layout-html\" lang=\"en\">\n<head prefix=\"og: http://ogp.me/ns#\">\n\
         <meta charset=\"utf-8\">\n<title>Sign in · GitLab</title>\n<meta content=\"GitLab Community Edition\" \
         name=\"description\">\n<meta name=\"csrf-param\" content=\"authenticity_token\" />\n<meta name=\"csrf-token\" \
         content=\"{token}\" />\n</head>\n<body class=\"login-page application navless\" data-page=\"sessions:new\">\n{alert}\n\
         <h1>{title}</h1>\n<form class=\"new_user gl-show-field-errors\" id=\"new_user\" \
         action=\"/users/sign_in\" accept-charset=\"UTF-8\" method=\"post\"><input type=\"hidden\" \
         name=\"authenticity_token\" value=\"{token}\" />\n<label for=\"user_login\">Username or primary email</label>\n\
         <input type=\"text\" name=\"user[login]\" id=\"user_login\" />\n<label for=\"user_password\">Password</label>\n\
         <input type=\"password\" name=\"user[password]\" id=\"user_password\" />\n<button type=\"submit\">Sign in</button>\n\
         </form>\n</body>\n</html>\n"
    );
    Response::page(if visit.is_post() { 422 } else { 200 }, "text/html; charset=utf-8", page)
        .with("Set-Cookie", format!("_gitlab_session={}; path=/; HttpOnly", fresh()))
}

/// Grafana.
pub fn grafana(visit: &Visit<'_>, out: &mut Out) -> Option<Response> {
    let at = visit.installed();
    let path = visit.request.path.as_str();
    let inside = visit.is_in("grafana", "grafana_session");
    Some(match path {
        "/login" if visit.is_post() => match visit.login(out) {
            Some(true) => json(200, "{\"message\":\"Logged in\"}").with(
                "Set-Cookie",
                format!(
                    "grafana_session={}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax",
                    visit.session("grafana")
                ),
            ),
            Some(false) => json(401, "{\"message\":\"Invalid username or password\"}"),
            None => json(400, "{\"message\":\"bad login data\"}"),
        },
        "/login" => shell(visit),
        "/" if inside => shell(visit),
        "/" => Response::page(302, "text/html; charset=utf-8", "<a href=\"/login\">Found</a>.\n\n")
            .with("Location", "/login")
            .with("Cache-Control", "no-store"),
        "/api/health" => json(
            200,
            format!(
                "{{\n  \"commit\": \"{}\",\n  \"database\": \"ok\",\n  \"version\": \"{GRAFANA}\"\n}}",
                "cb30abd"
            ),
        ),
        "/robots.txt" => Response::file("text/plain", "User-agent: *\nDisallow: /\n", at),
        "/favicon.ico" | "/public/img/fav32.png" => Response::file("image/x-icon", icon(b"\x1d\x5a\xf0"), at),
        "/api/user" | "/api/org" if inside => {
            json(200, "{\"id\":1,\"name\":\"Main Org.\",\"login\":\"admin\"}")
        }
        _ if path.starts_with("/api/") => json(401, "{\"message\":\"Unauthorized\"}"),
        _ if path.starts_with("/public/") => Response::page(404, "text/plain; charset=utf-8", "Not found"),
        _ => Response::page(302, "text/html; charset=utf-8", "<a href=\"/login\">Found</a>.\n\n")
            .with("Location", "/login")
            .with(
                "Set-Cookie",
                format!("redirect_to={}; Path=/; HttpOnly; SameSite=Lax", path.replace('/', "%2F")),
            ),
    })
}

fn json(status: u16, text: impl Into<String>) -> Response {
    Response::page(status, "application/json; charset=UTF-8", text)
        .with("Cache-Control", "no-store")
        .with("X-Content-Type-Options", "nosniff")
}

fn shell(visit: &Visit<'_>) -> Response {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n<title>Grafana</title>\n<base href=\"/\" />\n\
         <link rel=\"icon\" type=\"image/png\" href=\"public/img/fav32.png\" />\n</head>\n<body class=\"theme-dark app-grafana\">\n\
         <div class=\"preloader\">Loading Grafana</div>\n<div id=\"reactRoot\"></div>\n<script nonce=\"\">window.grafanaBootData \
         = {{\"user\":{{\"isSignedIn\":{},\"orgName\":\"{}\"}},\"settings\":{{\"buildInfo\":{{\"version\":\"{GRAFANA}\",\
         \"commit\":\"cb30abd\",\"env\":\"production\"}}}}}};</script>\n</body>\n</html>\n",
        visit.is_in("grafana", "grafana_session"),
        escape(&visit.title())
    );
    Response::page(200, "text/html; charset=UTF-8", page)
        .with("Cache-Control", "no-store")
        .with("X-Content-Type-Options", "nosniff")
        .with("X-Frame-Options", "deny")
        .with("X-Xss-Protection", "1; mode=block")
}
