// Fires the cron trigger of a Worker at the path at which wrangler does, and passes on all other requests.

export default {
  async fetch(request, { MAIN }) {
    if (new URL(request.url).pathname !== "/cdn-cgi/local/scheduled") {
      return MAIN.fetch(request);
    }
    const { outcome } = await MAIN.scheduled({ scheduledTime: new Date(), cron: "23 * * * *" });
    return new Response(outcome);
  },
};
