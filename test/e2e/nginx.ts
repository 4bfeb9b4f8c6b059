import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RunningPeer, startPeer } from '../support/peers.ts'

/** A real nginx on a loopback port that answers `{"status":"ok"}` everywhere. */
export function startNginx(program: string, folder: string, port: number): Promise<RunningPeer> {
  mkdirSync(join(folder, 'nginx'), { recursive: true })
  const config = join(folder, 'nginx', 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${folder}/nginx/pid; error_log ${folder}/nginx/error.log;
events {}
http {
  access_log off; client_body_temp_path ${folder}/nginx/body; proxy_temp_path ${folder}/nginx/proxy;
  fastcgi_temp_path ${folder}/nginx/fastcgi; uwsgi_temp_path ${folder}/nginx/uwsgi; scgi_temp_path ${folder}/nginx/scgi;
  server { listen 127.0.0.1:${port}; location / { default_type application/json; return 200 '{"status":"ok"}'; } }
}
`,
  )
  return startPeer(program, ['-c', config, '-e', `${folder}/nginx/error.log`], { ready: port })
}
