// Draws each of the badges (JSON on standard input) with badge-maker, and prints how wide they are.
import { makeBadge } from 'badge-maker'
import { readFileSync } from 'node:fs'

const badges = JSON.parse(readFileSync(0, 'utf8'))
const widths = badges.map((badge) => Number(makeBadge(badge).match(/<svg[^>]* width="([0-9.]+)"/)[1]))
console.log(JSON.stringify(widths))
