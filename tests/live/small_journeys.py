"""Journey files that several tests read: one with everything in it, one with as little as can be."""

# nothing in it has its default
FULL = """\
journey: everything
version: 3
remarks: [for the tests]
dialect: legacy
mode: test
paused: true
namespace: ECID
supplemental-id: commerce.order.purchaseID
events:
  bought: {when: eventType == "commerce.purchases"}
  vip: {event-id: 4f6e1c0b9a7d2358}
  left: {when: eventType == "location.exit"}
entry: {on: bought, next: pause}
re-entrance: {allowed: false, wait: 0s}
exit-on: [left]
timeout: 20d
latency: {lognormal: {median: 2s, sigma: 0.5, most: 1m}}
nodes:
  pause: {wait: 90s, next: date}
  date: {until: 2026-11-28T10:00:00Z, next: rich}
  rich:
    condition: [{when: profile.loyalty.tier == "gold", next: push}, {when: "@bought is set", next: lot}]
    otherwise: hook
    on-error: end
  lot: {split: {push: 0.5, app: 1.5}}
  push:
    push:
      title: Thanks
      body: "For {{ @bought.productListItems[0].name }}, {{profile.person.name.firstName}}!"
      link: footfall://x
      buttons: [{id: buy, label: Buy}]
    next: clicked
    on-error: mail
  clicked: {react: clicked, timeout: 40s, next: hear, on-timeout: text}
  hear: {await: {vip: end, left: pause}, timeout: 1d, on-timeout: end}
  app: {in-app: {surface: offers/today, content: {html: "<b>x</b>", n: [1, 2.50]}}, next: end, on-error: mail}
  mail: {email: {subject: Hello, body: World}, next: end, on-error: end}
  text: {sms: {body: Hello}, next: end, on-error: end}
  hook: {webhook: {url: "http://127.0.0.1:9/x", body: "{}", timeout: 2s}, next: end, on-error: end}
"""

SMALL = """\
journey: small
events:
  bought: {when: eventType == "commerce.purchases"}
entry: {on: bought, next: pause}
nodes:
  pause: {wait: 1m, next: end}
"""
