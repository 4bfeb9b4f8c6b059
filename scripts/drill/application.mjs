import { once } from 'node:events'
import { createServer } from 'node:http'

/** A small application with faults to switch on: its health, its share of failed requests, its queue. */
export async function startApplication() {
  const faults = { isSick: false, failing: 0, queued: 3 }
  const counts = { success: 0, failure: 0, seconds: 0 }
  const work = setInterval(() => {
    for (let i = 0; i < 10; i++) {
      if (i < faults.failing) counts.failure++
      else counts.success++
      counts.seconds += 0.05
    }
  }, 100)
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4')
      response.end(
        [
          '# TYPE shop_requests_total counter',
          `shop_requests_total{outcome="success"} ${counts.success}`,
          `shop_requests_total{outcome="failure"} ${counts.failure}`,
          '# TYPE shop_request_seconds_total counter',
          `shop_request_seconds_total ${counts.seconds}`,
          '# TYPE queue_tasks_queued gauge',
          `queue_tasks_queued{queue="mail"} ${faults.queued}`,
          '',
        ].join('\n'),
      )
      return
    }
    response.statusCode = faults.isSick ? 503 : 200
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ status: faults.isSick ? 'sick' : 'ok' }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: server.address().port,
    faults,
    stop() {
      clearInterval(work)
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Takes the messages of both sides, told apart by who sends them. */
export async function startReceiver() {
  const messages = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request.setEncoding('utf8')) text += piece
    const from = /alertmanager/i.test(request.headers['user-agent'] ?? '') ? 'stack' : 'midwatch'
    const { alerts, groupKey } = JSON.parse(text)
    for (const { status, labels } of alerts) messages.push({ from, status, labels, groupKey, atMs: Date.now() })
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: server.address().port, messages, stop: () => server.close() }
}
