"""Funding as accounts pay and receive it."""

from cryptovolt_venue.ledger import FUNDING, Pocket, Reason, signed_move
from cryptovolt_venue.money import multiply, round_even
from cryptovolt_venue.orders import USDM
from cryptovolt_venue.tape import FundingDue
from cryptovolt_venue.usdm import UsdmEngine


def pay_funding(engine: UsdmEngine, due: FundingDue) -> None:
    """Book the funding of every account that holds the symbol: longs pay a positive rate."""
    for account, owner in list(engine.margin.accounts.items()):
        position = owner.positions.get(due.symbol)
        if position is None or not position.amount:
            continue
        paid = round_even(multiply(position.notional(due.mark_price), due.rate))
        asset = engine.margin.asset_of(due.symbol)
        wallet = Pocket(account, USDM, "wallet")
        moves = signed_move(FUNDING, wallet, asset, -paid, Reason.FUNDING_FEE)
        engine.floor.ledger.book(due.time_ms, f"funding {due.symbol}", moves)
        owner.wallet_ms[asset] = due.time_ms
        engine.tell_account(account, due.symbol, "FUNDING_FEE", -paid, position=False)
