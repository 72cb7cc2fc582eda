"""The Identity extension: the ECID that the phone makes itself, what the app adds, and the advertising id."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phone_words import NO_CONSENT_EXTENSION, Desk, a_phone, calls, consent_of, identity_map
from sdk_behaviour import behaviour
from sdk_words import ECID, IPHONE, PIXEL

from footfall.phone.identity import Identity, ecid_after
from footfall.phone.phone import Phone
from footfall.phone.signals import (
    AdvertisingIdSet,
    Forgot,
    Identified,
    IdentitiesReset,
    LoggedIn,
    LoggedOut,
    Reinstalled,
    Signal,
)

AD_ID = "6D92078A-8246-4BA4-AE5B-76104861E7DC"
ZEROS = "00000000-0000-0000-0000-000000000000"


def item(id: str, state: str = "ambiguous", primary: bool = False) -> dict[str, object]:
    return {"id": id, "authenticatedState": state, "primary": primary}


ECID_ITEM = {"ECID": [item(ECID)]}


def after(*signals: Signal, model=IPHONE) -> dict[str, list[dict[str, object]]]:
    """The identityMap of an event after these."""
    desk = Desk(a_phone(model, config=NO_CONSENT_EXTENSION))
    for n, signal in enumerate(signals):
        desk.feed(n, signal)
    desk.feed(100, calls())
    return identity_map(desk.last)


@behaviour("7.2", "Without anything of the app's, identityMap is the ECID alone, ambiguous and not primary.", Identity)
def test_a_new_phone() -> None:
    assert after() == ECID_ITEM


@behaviour("0", "The ECID goes to the identityMap of the request only; events carry none of their own.", Phone)
def test_the_event_has_no_identity_map() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    assert desk.last.body.count(ECID.encode()) == 1


# what the app calls -> what stands beside the ECID
CALLS = [
    ([Identified("custom", "a")], {"custom": [item("a")]}),
    ([Identified("custom", "a"), Identified("custom", "b")], {"custom": [item("a"), item("b")]}),  # joins
    (
        [Identified("custom", "a"), Identified("custom", "b"), Identified("custom", "a", "authenticated", True)],
        {"custom": [item("a", "authenticated", True), item("b")]},  # the same id: replaced where it stands
    ),
    ([Identified("custom", "a", "loggedOut")], {"custom": [item("a", "loggedOut")]}),
    ([Identified("custom", "a"), Identified("other", "a")], {"custom": [item("a")], "other": [item("a")]}),
    ([Identified("custom", "")], {}),  # no id
    ([Identified("", "a")], {}),  # no namespace
    ([Identified("ECID", "1"), Identified("IDFA", "2"), Identified("GAID", "3")], {}),  # reserved
    ([Identified("custom", "a"), Identified("custom", "b"), Forgot("custom", "a")], {"custom": [item("b")]}),
    ([Identified("custom", "a"), Forgot("custom", "a")], {}),  # the namespace goes with its last item
    ([Identified("custom", "a"), Forgot("custom", "b")], {"custom": [item("a")]}),
    ([Forgot("never", "there")], {}),
    ([Forgot("ECID", ECID)], {}),  # stays
    ([AdvertisingIdSet(AD_ID), Forgot("IDFA", AD_ID)], {"IDFA": [item(AD_ID)]}),  # only by an id that is none
    ([AdvertisingIdSet(AD_ID), AdvertisingIdSet("another")], {"IDFA": [item("another")]}),  # there is one at a time
    ([AdvertisingIdSet(AD_ID), AdvertisingIdSet("")], {}),
    ([AdvertisingIdSet(AD_ID), AdvertisingIdSet(ZEROS)], {}),  # what the OS gives where the customer forbids it
    ([AdvertisingIdSet(ZEROS)], {}),
]


@behaviour("7.2", "updateIdentities merges by id within the namespace, removeIdentity removes.", Identity.update)
@behaviour("7.2", "ECID, IDFA and GAID are reserved: the app can neither set nor remove them.", Identity.update)
@pytest.mark.parametrize(("signals", "beside"), CALLS)
def test_what_the_app_adds_and_removes(signals, beside) -> None:
    assert after(*signals) == ECID_ITEM | beside


@behaviour("7.2", "The ECID is the first identity whatever is added.", Identity)
def test_the_ecid_comes_first() -> None:
    assert list(after(Identified("aaa", "1"), AdvertisingIdSet(AD_ID), Identified("ECID", "2"))) == [
        "ECID",
        "IDFA",
        "aaa",
    ]


@behaviour(
    "7.2", "The advertising id is IDFA on iOS and GAID on Android, ambiguous and not primary.", Identity.set_ad_id
)
@pytest.mark.parametrize(("model", "namespace"), [(IPHONE, "IDFA"), (PIXEL, "GAID")], ids=["ios", "android"])
def test_the_namespace_of_the_advertising_id(model, namespace) -> None:
    assert after(AdvertisingIdSet(AD_ID), model=model) == ECID_ITEM | {namespace: [item(AD_ID)]}


# advertising ids one after the other -> the consents told
AD_CONSENTS = [
    ([AD_ID], ["y"]),  # none -> one
    ([AD_ID, "another"], ["y"]),  # a change of value is no change of consent
    ([AD_ID, AD_ID], ["y"]),
    ([AD_ID, ZEROS], ["y", "n"]),  # one -> none
    ([AD_ID, ""], ["y", "n"]),
    ([AD_ID, "", ZEROS], ["y", "n"]),  # none is none, however it is written
    ([AD_ID, "", "another"], ["y", "n", "y"]),
]


@behaviour(
    "7.2",
    "Getting or losing the advertising id tells a consent adID with val and idType; a change of its value does not.",
    Identity.set_ad_id,
)
@pytest.mark.parametrize(("model", "namespace"), [(IPHONE, "IDFA"), (PIXEL, "GAID")], ids=["ios", "android"])
@pytest.mark.parametrize(("ids", "told"), AD_CONSENTS)
def test_the_consent_side_of_the_advertising_id(model, namespace, ids, told) -> None:
    desk = Desk(a_phone(model))
    for n, id in enumerate(ids):
        desk.feed(n, AdvertisingIdSet(id))
    desk.drain(100)
    assert desk.names == ["set-consent"] * len(told)
    assert [consent_of(one) for one in desk.sent] == [{"adID": {"val": val, "idType": namespace}} for val in told]


def test_the_set_consent_for_the_advertising_id_has_it_in_its_identities() -> None:
    desk = Desk(a_phone())
    desk.feed(0, AdvertisingIdSet(AD_ID))
    assert identity_map(desk.last) == ECID_ITEM | {"IDFA": [item(AD_ID)]}


def test_without_the_consent_extension_the_advertising_id_tells_nobody() -> None:
    desk = Desk(a_phone(config=NO_CONSENT_EXTENSION))
    desk.feed(0, AdvertisingIdSet(AD_ID))
    assert desk.sent == []


# Logging in and out


EMAIL = {"Email": [item("aino@example.com", "authenticated")]}
CRM = {"footfallCRMId": [item("c-1", "authenticated", True)]}


@behaviour(
    "5",
    "At login the app adds Email and its own customer id, authenticated, the customer id primary.",
    Identity.log_in,
    key="identity.crm-namespace, scenario: login",
)
@pytest.mark.parametrize(
    ("signals", "beside"),
    [
        ([LoggedIn("aino@example.com")], EMAIL),
        ([LoggedIn("aino@example.com", "c-1")], EMAIL | CRM),
        ([LoggedIn("aino@example.com", "c-1"), LoggedOut()], {}),
        ([LoggedOut()], {}),
        (
            [LoggedIn("veikko@example.com", "c-9"), LoggedIn("aino@example.com", "c-1")],
            EMAIL | CRM,  # another customer on the same phone: the one before is logged out
        ),
        ([Identified("custom", "a"), LoggedIn("aino@example.com"), LoggedOut()], {"custom": [item("a")]}),
    ],
)
def test_login_and_logout(signals, beside) -> None:
    assert after(*signals) == ECID_ITEM | beside


# resetIdentities, and a new installation


def of_the_algorithm(ecid: str) -> bool:
    return len(ecid) == 38 and ecid.isdigit() and 4611686018427387905 <= int(ecid[19:]) <= 9223372036854775808


@behaviour("7.2", "resetIdentities makes a new ECID and clears all namespaces and the advertising id.", Identity.reset)
def test_reset_leaves_nothing_but_a_new_ecid() -> None:
    identities = after(
        Identified("custom", "a"), AdvertisingIdSet(AD_ID), LoggedIn("aino@example.com", "c-1"), IdentitiesReset()
    )
    assert list(identities) == ["ECID"]
    ((only,),) = identities.values()
    assert only["id"] != ECID
    assert of_the_algorithm(str(only["id"]))


def test_after_a_reset_the_old_login_can_no_longer_be_logged_out() -> None:
    # the app logs in anew with the same address; the logout of the earlier login must not take that away
    assert "Email" in after(LoggedIn("aino@example.com"), IdentitiesReset(), LoggedIn("aino@example.com"))


@behaviour("7.1", "The ECID stays until resetIdentities; a new installation has a new one.", Phone)
def test_a_new_installation_has_a_new_ecid() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.drain(10)
    desk.dies(20, Reinstalled())
    desk.feed(30, calls())
    first, second = (identity_map(request)["ECID"][0]["id"] for request in desk.sent)
    assert first == ECID
    assert second != ECID
    assert of_the_algorithm(str(second))
    assert desk.phone.ecid == second


@given(st.uuids(version=4))
def test_every_ecid_in_a_row_of_resets_is_one_that_the_sdk_could_make(start: uuid.UUID) -> None:
    seen = [str(start)]
    for _ in range(5):
        seen.append(ecid_after(seen[-1]))
    assert all(map(of_the_algorithm, seen[1:]))
    assert len(set(seen)) == 6


def test_the_row_of_ecids_is_the_same_in_every_run() -> None:
    one, other = Identity("ios", ECID), Identity("android", ECID)
    for _ in range(3):
        one.reset()
        other.reset()
        assert one.ecid == other.ecid
