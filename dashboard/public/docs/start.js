// The document of the API as a page. Whoever is logged in in this tab may try its routes at once.
function tokenOfThisTab() {
  try {
    return JSON.parse(sessionStorage.getItem("decnet.login") ?? "null")?.token;
  } catch {
    return undefined;
  }
}

const ui = window.SwaggerUIBundle({
  dom_id: "#docs",
  url: "/api/v1/openapi.json",
  deepLinking: true,
  docExpansion: "none",
  // Nothing is asked of anybody else.
  validatorUrl: null,
  onComplete: () => {
    const token = tokenOfThisTab();
    if (token) ui.preauthorizeApiKey("bearer", token);
  },
});
