"""Each API key sees and sends its own tenant's letters; nobody's are an operator's."""

from __future__ import annotations

from typing import Any

from tests.gateway.letters.paper import over_http, over_kafka
from tests.gateway.letters.post_office import BAD, Desk
from tests.gateway.making import NOW_MS, at, raw

ACME, GLOBEX, ROOT = ({"authorization": f"Bearer {key}"} for key in ("acme-key", "globex-key", "root-key"))


def settle(desk: Desk) -> dict[str, str]:
    """A letter of each sort of owner; their addresses."""
    return {
        "acme": desk.write(over_http(raw(tenant="acme", data=BAD), sender="acme")),
        "acme, naming globex": desk.write(over_http(raw(tenant="globex"), sender="acme")),
        "globex": desk.write(over_kafka(raw(tenant="globex", data=BAD), b"globex/A-17")),
        "nobody": desk.write(over_kafka(b"{", None)),
        "in doubt": desk.write(over_kafka(raw(tenant="globex", data=BAD), b"acme/A-17")),
    }


async def test_a_key_sees_its_own_tenant_s_letters_and_an_operator_s_all(keyed: Desk) -> None:
    addresses = settle(keyed)
    seen = {}
    for name, key in (("acme", ACME), ("globex", GLOBEX), ("root", ROOT)):
        _, found = await keyed.get("/v1/letters", key)
        seen[name] = {letter["address"] for letter in found["letters"]}
    assert seen["acme"] == {addresses["acme"], addresses["acme, naming globex"]}
    assert seen["globex"] == {addresses["globex"]}
    assert seen["root"] == set(addresses.values())
    _, found = await keyed.get("/v1/letters", ROOT, tenant="")
    assert {letter["address"] for letter in found["letters"]} == {addresses["nobody"], addresses["in doubt"]}


async def test_another_s_letter_is_answered_as_if_there_were_none(keyed: Desk) -> None:
    addresses = settle(keyed)
    partition = addresses["globex"].split("-")[0]
    nowhere = f"{partition}-999"
    for address in (addresses["globex"], addresses["nobody"], addresses["in doubt"], nowhere):
        shown = await keyed.get(f"/v1/letters/{address}", ACME)
        sent = await keyed.send(address, ACME, set={"data.amount_minor": 5})
        assert shown == sent == (404, {"detail": f"there is no letter {address}"})
    assert not keyed.paper.records
    assert (await keyed.get("/v1/letters", ACME, tenant="globex"))[0] == 403
    assert (await keyed.get("/v1/letters", ACME, text="globex"))[1]["letters"][0]["tenant"] == "acme"


async def test_without_a_key_nobody_sees_letters(keyed: Desk) -> None:
    address = settle(keyed)["acme"]
    for path in ("/v1/letters", f"/v1/letters/{address}"):
        answer = await keyed.http.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    answer = await keyed.http.post(f"/v1/letters/{address}/send")
    assert answer.status_code == 401


async def test_a_key_can_t_send_a_letter_into_another_tenant(keyed: Desk) -> None:
    addresses = settle(keyed)
    status, told = await keyed.send(addresses["acme, naming globex"], ACME)
    assert (status, told["code"]) == (400, "not_allowed")
    status, told = await keyed.send(addresses["acme"], ACME, patch={"tenant": "globex", "data": {"amount_minor": 5}})
    assert (status, told["code"]) == (400, "not_allowed")
    assert (await keyed.send(addresses["acme, naming globex"], ACME, set={"tenant": "acme"}))[0] == 200


async def test_an_operator_s_history_is_that_of_the_tenant(keyed: Desk) -> None:
    old = {"time": at(NOW_MS - 400 * 86_400_000), "backfill": True}
    acme = keyed.write(over_kafka(raw(tenant="acme", data=BAD, **old), b"acme/A-17"))
    globex = keyed.write(over_kafka(raw(tenant="globex", data=BAD, **old), b"globex/A-17"))
    mending: dict[str, Any] = {"set": {"data.amount_minor": 5}}
    assert (await keyed.send(acme, ROOT, **mending))[1]["code"] == "too_old"
    assert (await keyed.send(globex, ROOT, **mending))[1]["code"] == "taken"
