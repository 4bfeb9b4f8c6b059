import { expect, test } from 'vitest'
import { testWeb } from '../../support/web.ts'

test('lists the dashboards, and gives each as the file that Grafana takes', async () => {
  await using site = await testWeb()
  const list = await site.get('/api/v1/dashboards')
  expect(list.status).toBe(200)
  const uids = list.json.items.map(({ uid }: { uid: string }) => uid)
  expect(uids).toContain('midwatch-overview')
  expect(list.json.total).toBe(uids.length)
  for (const uid of uids) {
    const { status, json } = await site.get(`/api/v1/dashboards/${uid}`)
    expect({ status, uid: json.uid, panels: json.panels.length > 3 }).toEqual({ status: 200, uid, panels: true })
  }
})

test('says which dashboards there are when one is asked for that is not', async () => {
  await using site = await testWeb()
  const { status, json } = await site.get('/api/v1/dashboards/midwatch-nothing')
  expect(status).toBe(404)
  expect(json.detail).toMatch(/^there is no dashboard "midwatch-nothing"; there are .*midwatch-overview/)
})
