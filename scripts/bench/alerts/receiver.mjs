import { once } from 'node:events'
import { createServer } from 'node:http'

/** Takes Alertmanager's webhooks; `onAlert` is told of each alert when the message is there. */
export async function startReceiver(onAlert) {
  const server = createServer((request, response) => {
    const atMs = performance.now()
    const parts = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      response.end()
      for (const alert of JSON.parse(Buffer.concat(parts)).alerts) onAlert(alert, atMs)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
