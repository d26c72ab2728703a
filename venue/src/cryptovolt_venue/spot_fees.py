"""Fees of spot fills: in what is received, or in a third asset while that lasts.

A fill costs its rate in the asset received: base for a buyer, quote for a seller. An account may
pay in another asset at a discount (BNB): the fee is valued at the last price and paid from free
funds; when they do not reach, that fill pays in what it receives. A fault may choose the asset.
"""

from dataclasses import dataclass
from decimal import Decimal

from cryptovolt_venue.faults import Action, chance
from cryptovolt_venue.floor import Floor
from cryptovolt_venue.instruments import Instrument
from cryptovolt_venue.ledger import Pocket
from cryptovolt_venue.liquidity import Piece
from cryptovolt_venue.money import cut, divide, multiply
from cryptovolt_venue.orders import SPOT, Order, Side


@dataclass(slots=True)
class FeeTerms:
    """What an account pays: fractions of the amount, and the asset it prefers to pay with."""

    maker: Decimal = Decimal("0.001")
    taker: Decimal = Decimal("0.001")
    pay_with: str | None = None
    discount: Decimal = Decimal("0.25")

    def rate(self, *, is_maker: bool) -> Decimal:
        """Return the fraction a fill costs."""
        return self.maker if is_maker else self.taker


def fee_of(
    floor: Floor,
    instrument: Instrument,
    order: Order,
    piece: Piece,
    rate: Decimal,
    terms: FeeTerms,
    action: Action | None,
) -> tuple[Decimal, str]:
    """Return the fee of a fill and its asset."""
    quote = cut(multiply(piece.price, piece.quantity))
    buys = order.side is Side.BUY
    received = (piece.quantity, instrument.base) if buys else (quote, instrument.quote)
    plain_fee = cut(multiply(received[0], rate)), received[1]
    asset, discount = terms.pay_with, terms.discount
    if action is not None and action.kind == "fee_asset":
        asset, discount = _chosen_asset(floor, instrument, order, action), Decimal(0)
    if asset is None or asset == received[1]:
        return plain_fee
    value = multiply(multiply(quote, rate), 1 - discount)
    price = _price_in_quote(floor, instrument, asset, piece.price)
    if price is None:
        return plain_fee
    fee = cut(divide(value, price))
    free = floor.ledger.balance(Pocket(order.account, SPOT, "free"), asset)
    return (fee, asset) if 0 < fee <= free else plain_fee


def _chosen_asset(floor: Floor, instrument: Instrument, order: Order, action: Action) -> str:
    choices = {"base": instrument.base, "quote": instrument.quote}
    asked = action.text("asset", "random")
    if asked != "random":
        return choices.get(asked, asked)
    drawn = chance(floor.faults.seed, order.order_id, len(order.fills))
    return (instrument.base, instrument.quote, "BNB")[int(drawn * 3)]


def _price_in_quote(
    floor: Floor, instrument: Instrument, asset: str, price: Decimal
) -> Decimal | None:
    if asset == instrument.quote:
        return Decimal(1)
    if asset == instrument.base:
        return price
    symbol = asset + instrument.quote
    if floor.view.instrument(SPOT, symbol) is None:
        return None
    return floor.view.last(SPOT, symbol)
