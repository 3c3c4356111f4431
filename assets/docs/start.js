// Shows the API with Swagger UI, which swagger-ui-bundle.js brings.

// "Authorize" leaves the session cookie out: browsers send it by themselves, and no script can set it.
const withoutCookie = (select) => (...given) =>
  select(...given).filter((scheme) => !scheme.has("sessionCookie"));

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  // An access token is gone with the page, and in no storage.
  persistAuthorization: false,
  // The badge is an image of another host.
  validatorUrl: null,
  plugins: [
    { statePlugins: { auth: { wrapSelectors: { definitionsToAuthorize: withoutCookie } } } },
  ],
});

// The browser may keep the page, with its token, for the button "Back".
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
