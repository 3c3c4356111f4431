// Shows the API with Swagger UI, which swagger-ui-bundle.js brings.

const DOCUMENT = "/openapi.json";
const OF_BROWSERS = ["Origin", "SecFetchSite"].map((name) => `#/components/parameters/${name}`);

// Leaves out what only browsers send, since no script can: the session cookie, and the headers that say where
// a page is from. And links, of which Swagger UI shows no more than the name.
function forScripts(document) {
  delete document.components.securitySchemes.sessionCookie;
  const responses = Object.values(document.components.responses);
  for (const operation of Object.values(document.paths).flatMap(Object.values)) {
    if (!operation.responses) continue;
    responses.push(...Object.values(operation.responses));
    // The choice of none would be shown as a lock that is closed.
    const isForScripts = (name) => name !== "sessionCookie";
    operation.security = operation.security.filter((scheme) => Object.keys(scheme).some(isForScripts));
    operation.parameters = operation.parameters?.filter((one) => !OF_BROWSERS.includes(one.$ref));
  }
  for (const response of responses) delete response.links;
  return document;
}

SwaggerUIBundle({
  url: DOCUMENT,
  dom_id: "#docs",
  deepLinking: true,
  // An access token is gone with the page, and in no storage.
  persistAuthorization: false,
  // The badge is an image of another host.
  validatorUrl: null,
  responseInterceptor: (answer) => {
    if (new URL(answer.url).pathname === DOCUMENT) {
      answer.text = JSON.stringify(forScripts(JSON.parse(answer.text)));
    }
    return answer;
  },
});

// The browser may keep the page, with its token, for the button "Back".
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
