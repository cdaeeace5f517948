-- wrk: PlaceOrder over REST for one of a thousand customers. The requests are made before the measurement, like those of grpc_load.
local requests = {}
local count = 0

function init()
    local headers = { ["Content-Type"] = "application/json" }
    for customer = 1, 1000 do
        local body = string.format(
            '{"customer_id":"customer-%d","product_id":"big-product","vendor_id":"big-vendor","quantity":5,"total_price":99.99,' ..
            '"payment_method":"CREDIT_CARD"}', customer)
        requests[customer] = wrk.format("POST", nil, headers, body)
    end
end

function request()
    count = count % 1000 + 1
    return requests[count]
end
