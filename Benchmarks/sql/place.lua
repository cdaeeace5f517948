-- wrk: PlaceOrder over REST, a new customer each time.
local count = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
    count = count + 1
    local body = string.format(
        '{"customer_id":"customer-%d","product_id":"big-product","vendor_id":"big-vendor","quantity":5,"total_price":99.99,' ..
        '"payment_method":"CREDIT_CARD"}', count)
    return wrk.format(nil, nil, nil, body)
end
