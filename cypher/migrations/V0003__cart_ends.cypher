// Carts tell which purchase ended them, be it kept before them or after.
CREATE INDEX cart_purchase_key IF NOT EXISTS FOR (c:Cart) ON (c.purchase_key);
