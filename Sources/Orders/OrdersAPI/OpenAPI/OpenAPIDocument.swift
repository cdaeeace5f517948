/// The REST face described for programs, in OpenAPI 3.1: served at `/openapi.json`, and held to by a test per route.
enum OpenAPIDocument {
    static let bytes = Array(text.utf8)

    static let text = #"""
        {
          "openapi": "3.1.0",
          "info": {
            "title": "Orders",
            "version": "1.0.0",
            "description": "Place orders and follow them. Every write goes through an event store and reaches Kafka by way of a transactional outbox. Fields may be spelled in snake_case or in camelCase; answers are in snake_case. Unknown fields and unknown query parameters are refused. The same API is served over gRPC, as orders.v1.OrderService.",
            "license": {"name": "See the repository"}
          },
          "servers": [{"url": "/"}],
          "tags": [{"name": "orders", "description": "Orders"}, {"name": "operations", "description": "For operators"}],
          "paths": {
            "/v1/orders": {
              "post": {
                "operationId": "PlaceOrder",
                "tags": ["orders"],
                "summary": "Place an order",
                "parameters": [{"$ref": "#/components/parameters/IdempotencyKey"}],
                "requestBody": {
                  "required": true,
                  "content": {
                    "application/json": {
                      "schema": {"$ref": "#/components/schemas/PlaceOrderRequest"},
                      "examples": {
                        "example": {
                          "value": {
                            "customer_id": "big-name",
                            "product_id": "big-product",
                            "vendor_id": "big-vendor",
                            "quantity": 5,
                            "total_price": 99.99,
                            "payment_method": "CREDIT_CARD"
                          }
                        }
                      }
                    }
                  }
                },
                "responses": {
                  "200": {
                    "description": "The order is placed, durably.",
                    "content": {
                      "application/json": {
                        "schema": {"$ref": "#/components/schemas/OrderReference"},
                        "examples": {"example": {"value": {"order_id": "018f1234-5678-9abc-def0-123456789abc"}}}
                      }
                    },
                    "headers": {
                      "ETag": {
                        "description": "The order's version, in quotes.",
                        "required": true,
                        "schema": {"type": "string", "pattern": "^\"[0-9]+\"$"}
                      },
                      "Idempotency-Replayed": {
                        "description": "Present, as true, on an answer that was found by its Idempotency-Key.",
                        "schema": {"type": "string", "const": "true"}
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "409": {"$ref": "#/components/responses/Conflict"},
                  "413": {"$ref": "#/components/responses/TooLarge"},
                  "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
                  "422": {"$ref": "#/components/responses/KeyReused"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/ServerError"},
                  "503": {"$ref": "#/components/responses/Unavailable"},
                  "504": {"$ref": "#/components/responses/DeadlineExceeded"},
                  "default": {"$ref": "#/components/responses/OtherError"}
                }
              },
              "get": {
                "operationId": "ListOrders",
                "tags": ["orders"],
                "summary": "List orders, newest first",
                "description": "Reads a projection that follows the events: it is eventually consistent. To read your writes, name the order and the version that the write answered in its ETag (at_least): the list waits until it shows them. Page by page_size and page_token, or by limit and offset.",
                "parameters": [
                  {
                    "name": "limit",
                    "in": "query",
                    "description": "How many orders.",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}
                  },
                  {
                    "name": "offset",
                    "in": "query",
                    "description": "How many orders to skip; it gets slow where page_token does not.",
                    "schema": {"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0}
                  },
                  {
                    "name": "page_size",
                    "in": "query",
                    "description": "How many orders of a page: 0 is the default, 10; at most 100 are given, and at most limit.",
                    "schema": {"type": "integer", "minimum": 0, "maximum": 4294967295}
                  },
                  {
                    "name": "page_token",
                    "in": "query",
                    "description": "The next_page_token of the page before, opaque to clients; empty for the first page. An offset counts from there.",
                    "schema": {"type": "string", "pattern": "^([0-9a-f]{13}([1-9a-f][0-9a-f]){1,1020})?$"}
                  },
                  {
                    "name": "customer_id",
                    "in": "query",
                    "description": "Only this customer's orders.",
                    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^\\u0000]*$", "examples": ["big-name"]}
                  },
                  {
                    "name": "vendor_id",
                    "in": "query",
                    "description": "Only this vendor's orders.",
                    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^\\u0000]*$", "examples": ["big-vendor"]}
                  },
                  {
                    "name": "payment_status",
                    "in": "query",
                    "description": "Only orders of this status; UNSPECIFIED does not filter.",
                    "schema": {
                      "type": "string",
                      "enum": [
                        "PAYMENT_STATUS_UNSPECIFIED",
                        "PAYMENT_STATUS_PENDING",
                        "PAYMENT_STATUS_INITIATED",
                        "PAYMENT_STATUS_PAID",
                        "PAYMENT_STATUS_FAILED"
                      ]
                    }
                  },
                  {
                    "name": "shipping_status",
                    "in": "query",
                    "description": "Only orders of this status; UNSPECIFIED does not filter.",
                    "schema": {
                      "type": "string",
                      "enum": [
                        "SHIPPING_STATUS_UNSPECIFIED",
                        "SHIPPING_STATUS_WAITING_FOR_PAYMENT",
                        "SHIPPING_STATUS_WAITING_FOR_SHIPMENT",
                        "SHIPPING_STATUS_IN_TRANSIT",
                        "SHIPPING_STATUS_DELIVERED",
                        "SHIPPING_STATUS_CANCELLED"
                      ]
                    }
                  },
                  {
                    "name": "at_least",
                    "in": "query",
                    "description": "Wait until the list shows this order at this version or a later one: an order_id, an @, a version.",
                    "schema": {
                      "type": "string",
                      "pattern": "^[^@\\u0000]{1,255}@[1-9][0-9]{0,8}$",
                      "examples": ["018f1234-5678-9abc-def0-123456789abc@1"]
                    }
                  }
                ],
                "responses": {
                  "200": {
                    "description": "A page of orders.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "required": ["orders"],
                          "properties": {
                            "orders": {"type": "array", "items": {"$ref": "#/components/schemas/OrderSummary"}},
                            "next_page_token": {"type": "string", "minLength": 1, "description": "Absent on the last page, and with limit and offset."}
                          },
                          "additionalProperties": false
                        }
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "409": {"$ref": "#/components/responses/Conflict"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/ServerError"},
                  "503": {"$ref": "#/components/responses/Unavailable"},
                  "504": {"$ref": "#/components/responses/DeadlineExceeded"},
                  "default": {"$ref": "#/components/responses/OtherError"}
                }
              }
            },
            "/v1/orders/{order_id}": {
              "get": {
                "operationId": "GetOrder",
                "tags": ["orders"],
                "summary": "Get an order",
                "description": "Folded from its events: always current.",
                "parameters": [
                  {"$ref": "#/components/parameters/OrderId"},
                  {
                    "name": "min_version",
                    "in": "query",
                    "description": "Answer with at least this version or fail with 409.",
                    "schema": {"type": "integer", "minimum": 0, "maximum": 4294967295}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The order.",
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "required": ["order"],
                          "properties": {"order": {"$ref": "#/components/schemas/OrderDetails"}},
                          "additionalProperties": false
                        }
                      }
                    },
                    "headers": {
                      "ETag": {
                        "description": "The order's version, in quotes.",
                        "required": true,
                        "schema": {"type": "string", "pattern": "^\"[0-9]+\"$"}
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "409": {"$ref": "#/components/responses/Conflict"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/ServerError"},
                  "503": {"$ref": "#/components/responses/Unavailable"},
                  "504": {"$ref": "#/components/responses/DeadlineExceeded"},
                  "default": {"$ref": "#/components/responses/OtherError"}
                }
              }
            },
            "/v1/orders/{order_id}/cancel": {
              "post": {
                "operationId": "CancelOrder",
                "tags": ["orders"],
                "summary": "Cancel an order",
                "parameters": [
                  {"$ref": "#/components/parameters/OrderId"},
                  {"$ref": "#/components/parameters/IdempotencyKey"},
                  {"$ref": "#/components/parameters/IfMatch"}
                ],
                "requestBody": {
                  "required": true,
                  "content": {
                    "application/json": {
                      "schema": {"$ref": "#/components/schemas/CancelOrderRequest"},
                      "examples": {"example": {"value": {"reason": "Customer requested cancellation"}}}
                    }
                  }
                },
                "responses": {
                  "200": {
                    "description": "The order is cancelled.",
                    "content": {
                      "application/json": {
                        "schema": {"$ref": "#/components/schemas/OrderReference"},
                        "examples": {"example": {"value": {"order_id": "018f1234-5678-9abc-def0-123456789abc"}}}
                      }
                    },
                    "headers": {
                      "ETag": {
                        "description": "The order's version, in quotes.",
                        "required": true,
                        "schema": {"type": "string", "pattern": "^\"[0-9]+\"$"}
                      },
                      "Idempotency-Replayed": {
                        "description": "Present, as true, on an answer that was found by its Idempotency-Key.",
                        "schema": {"type": "string", "const": "true"}
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "409": {"$ref": "#/components/responses/Conflict"},
                  "412": {"$ref": "#/components/responses/PreconditionFailed"},
                  "413": {"$ref": "#/components/responses/TooLarge"},
                  "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
                  "422": {"$ref": "#/components/responses/KeyReused"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/ServerError"},
                  "503": {"$ref": "#/components/responses/Unavailable"},
                  "504": {"$ref": "#/components/responses/DeadlineExceeded"},
                  "default": {"$ref": "#/components/responses/OtherError"}
                }
              }
            },
            "/v1/orders/{order_id}/shipping-status": {
              "put": {
                "operationId": "UpdateOrderShippingStatus",
                "tags": ["orders"],
                "summary": "Move an order's goods on",
                "description": "Only forward, and only when the order is paid.",
                "parameters": [
                  {"$ref": "#/components/parameters/OrderId"},
                  {"$ref": "#/components/parameters/IdempotencyKey"},
                  {"$ref": "#/components/parameters/IfMatch"}
                ],
                "requestBody": {
                  "required": true,
                  "content": {
                    "application/json": {
                      "schema": {"$ref": "#/components/schemas/UpdateOrderShippingStatusRequest"},
                      "examples": {"example": {"value": {"status": "SHIPPING_STATUS_IN_TRANSIT"}}}
                    }
                  }
                },
                "responses": {
                  "200": {
                    "description": "The goods are at that status.",
                    "content": {
                      "application/json": {
                        "schema": {"$ref": "#/components/schemas/OrderReference"},
                        "examples": {"example": {"value": {"order_id": "018f1234-5678-9abc-def0-123456789abc"}}}
                      }
                    },
                    "headers": {
                      "ETag": {
                        "description": "The order's version, in quotes.",
                        "required": true,
                        "schema": {"type": "string", "pattern": "^\"[0-9]+\"$"}
                      },
                      "Idempotency-Replayed": {
                        "description": "Present, as true, on an answer that was found by its Idempotency-Key.",
                        "schema": {"type": "string", "const": "true"}
                      }
                    }
                  },
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "409": {"$ref": "#/components/responses/Conflict"},
                  "412": {"$ref": "#/components/responses/PreconditionFailed"},
                  "413": {"$ref": "#/components/responses/TooLarge"},
                  "415": {"$ref": "#/components/responses/UnsupportedMediaType"},
                  "422": {"$ref": "#/components/responses/KeyReused"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/ServerError"},
                  "503": {"$ref": "#/components/responses/Unavailable"},
                  "504": {"$ref": "#/components/responses/DeadlineExceeded"},
                  "default": {"$ref": "#/components/responses/OtherError"}
                }
              }
            },
            "/v1/orders/{order_id}/events": {
              "get": {
                "operationId": "GetOrderHistory",
                "tags": ["orders"],
                "summary": "Get or watch an order's events",
                "description": "The audit trail. With watch=true a stream of Server-Sent Events: past events first, then live ones, until the order is delivered or cancelled. A client that comes back with Last-Event-ID gets the events after that one; 204 says that there are none and will be none.",
                "parameters": [
                  {"$ref": "#/components/parameters/OrderId"},
                  {
                    "name": "from_sequence",
                    "in": "query",
                    "description": "The first sequence number wanted; the first event has 0.",
                    "schema": {"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0}
                  },
                  {
                    "name": "page_size",
                    "in": "query",
                    "description": "At most this many events. A stream ends after so many; without it, it does not.",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1000}
                  },
                  {
                    "name": "watch",
                    "in": "query",
                    "description": "Stream events as they happen.",
                    "schema": {"type": "boolean", "default": false}
                  },
                  {
                    "name": "Last-Event-ID",
                    "in": "header",
                    "description": "With watch: the sequence number of the last event received; wins over from_sequence.",
                    "schema": {"type": "string", "pattern": "^[0-9]{0,9}$"}
                  }
                ],
                "responses": {
                  "200": {
                    "description": "The events. With watch=true text/event-stream, each event's data being one OrderEvent.",
                    "headers": {
                      "ETag": {
                        "description": "The order's version, in quotes; not on a stream.",
                        "schema": {"type": "string", "pattern": "^\"[0-9]+\"$"}
                      }
                    },
                    "content": {
                      "application/json": {
                        "schema": {
                          "type": "object",
                          "required": ["events", "version"],
                          "properties": {
                            "events": {"type": "array", "items": {"$ref": "#/components/schemas/OrderEvent"}},
                            "version": {"type": "integer", "minimum": 1}
                          },
                          "additionalProperties": false
                        }
                      },
                      "text/event-stream": {
                        "schema": {
                          "type": "object",
                          "description": "One event of the stream.",
                          "properties": {
                            "id": {"type": "string", "description": "The sequence number."},
                            "event": {"type": "string", "description": "The event_type."},
                            "data": {"type": "string", "description": "The OrderEvent as JSON.", "contentMediaType": "application/json"},
                            "retry": {"type": "string"}
                          }
                        }
                      }
                    }
                  },
                  "204": {"description": "With watch: nothing is left to show, and nothing can happen any more."},
                  "400": {"$ref": "#/components/responses/BadRequest"},
                  "404": {"$ref": "#/components/responses/NotFound"},
                  "429": {"$ref": "#/components/responses/TooManyRequests"},
                  "500": {"$ref": "#/components/responses/ServerError"},
                  "503": {"$ref": "#/components/responses/Unavailable"},
                  "504": {"$ref": "#/components/responses/DeadlineExceeded"},
                  "default": {"$ref": "#/components/responses/OtherError"}
                }
              }
            },
            "/livez": {
              "get": {
                "operationId": "Live",
                "tags": ["operations"],
                "summary": "Is the process alive?",
                "responses": {"200": {"description": "It is.", "content": {"text/plain": {"schema": {"type": "string"}}}}}
              }
            },
            "/readyz": {
              "get": {
                "operationId": "Ready",
                "tags": ["operations"],
                "summary": "Should the process be sent requests?",
                "responses": {
                  "200": {"description": "It should.", "content": {"text/plain": {"schema": {"type": "string"}}}},
                  "503": {"description": "Not now; the text says why.", "content": {"text/plain": {"schema": {"type": "string"}}}}
                }
              }
            },
            "/metrics": {
              "get": {
                "operationId": "Metrics",
                "tags": ["operations"],
                "summary": "Metrics in the text format of Prometheus",
                "responses": {"200": {"description": "The metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}}}
              }
            },
            "/openapi.json": {
              "get": {
                "operationId": "OpenAPI",
                "tags": ["operations"],
                "summary": "This document",
                "responses": {"200": {"description": "The document.", "content": {"application/json": {"schema": {"type": "object"}}}}}
              }
            },
            "/docs": {
              "get": {
                "operationId": "Docs",
                "tags": ["operations"],
                "summary": "This document as a page",
                "responses": {"200": {"description": "The page.", "content": {"text/html": {"schema": {"type": "string"}}}}}
              }
            }
          },
          "components": {
            "responses": {
              "BadRequest": {
                "description": "The request is not acceptable (code 3), or the order's state does not allow it (code 9).",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "NotFound": {
                "description": "There is no such order.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "Conflict": {
                "description": "Somebody else was faster, the order is not at that version, or the first request with this key is still being executed.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "PreconditionFailed": {
                "description": "The order is not at the version that If-Match names.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "TooLarge": {
                "description": "The body is larger than 65,536 bytes.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "UnsupportedMediaType": {
                "description": "The content type is not application/json.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "KeyReused": {
                "description": "The Idempotency-Key was already used for another request.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "TooManyRequests": {
                "description": "Too many requests are waiting; Retry-After says when to come back.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}}
              },
              "ServerError": {"description": "The server failed.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
              "Unavailable": {
                "description": "What is needed is away; nothing was written.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}}
              },
              "DeadlineExceeded": {
                "description": "The deadline passed.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              },
              "OtherError": {"description": "Any other error.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
            },
            "parameters": {
              "OrderId": {
                "name": "order_id",
                "in": "path",
                "required": true,
                "description": "The order.",
                "schema": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 255,
                  "pattern": "^[^\\u0000]*$",
                  "examples": ["018f1234-5678-9abc-def0-123456789abc"]
                }
              },
              "IdempotencyKey": {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Makes a retry safe: the same key with the same body gets the first answer again, for 24 hours. Bare or in quotes, which are not part of the key; the same key space as request_id of gRPC.",
                "schema": {"type": "string", "pattern": "^(\"[!#-~]{1,255}\"|[!#-~]{1,255})$"}
              },
              "IfMatch": {
                "name": "If-Match",
                "in": "header",
                "description": "Do it only if the order is at this version, as an ETag told it: a version in quotes, several of them, or * for any. What is no version matches none.",
                "schema": {"type": "string"}
              }
            },
            "schemas": {
              "Time": {"type": "string", "format": "date-time", "examples": ["2024-01-01T10:00:00Z"]},
              "Price": {
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": 10000000000,
                "multipleOf": 0.01,
                "description": "At most two decimals. Kept as whole cents.",
                "examples": [99.99]
              },
              "PaymentStatus": {
                "type": "string",
                "enum": ["PAYMENT_STATUS_PENDING", "PAYMENT_STATUS_INITIATED", "PAYMENT_STATUS_PAID", "PAYMENT_STATUS_FAILED"]
              },
              "ShippingStatus": {
                "type": "string",
                "enum": [
                  "SHIPPING_STATUS_WAITING_FOR_PAYMENT",
                  "SHIPPING_STATUS_WAITING_FOR_SHIPMENT",
                  "SHIPPING_STATUS_IN_TRANSIT",
                  "SHIPPING_STATUS_DELIVERED",
                  "SHIPPING_STATUS_CANCELLED"
                ]
              },
              "PlaceOrderRequest": {
                "type": "object",
                "required": ["customer_id", "vendor_id", "product_id", "quantity", "total_price", "payment_method"],
                "additionalProperties": false,
                "properties": {
                  "customer_id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[^\\u0000]*$",
                    "description": "Who ordered.",
                    "examples": ["big-name"]
                  },
                  "vendor_id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[^\\u0000]*$",
                    "description": "Who sells.",
                    "examples": ["big-vendor"]
                  },
                  "product_id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[^\\u0000]*$",
                    "description": "What.",
                    "examples": ["big-product"]
                  },
                  "quantity": {"type": "integer", "minimum": 1, "maximum": 2147483647},
                  "total_price": {"$ref": "#/components/schemas/Price"},
                  "payment_method": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[^\\u0000]*$",
                    "description": "How it is paid.",
                    "examples": ["CREDIT_CARD"]
                  }
                }
              },
              "CancelOrderRequest": {
                "type": "object",
                "required": ["reason"],
                "additionalProperties": false,
                "properties": {
                  "reason": {"type": "string", "minLength": 1, "maxLength": 1024, "pattern": "^[^\\u0000]*$"},
                  "expected_version": {"$ref": "#/components/schemas/ExpectedVersion"}
                }
              },
              "UpdateOrderShippingStatusRequest": {
                "type": "object",
                "required": ["status"],
                "additionalProperties": false,
                "properties": {
                  "status": {"type": "string", "enum": ["SHIPPING_STATUS_IN_TRANSIT", "SHIPPING_STATUS_DELIVERED"]},
                  "expected_version": {"$ref": "#/components/schemas/ExpectedVersion"}
                }
              },
              "ExpectedVersion": {
                "type": "integer",
                "minimum": 0,
                "maximum": 4294967295,
                "description": "Refuse with 409 unless the order is at exactly this version. Counts beside If-Match: both must hold."
              },
              "OrderReference": {
                "type": "object",
                "required": ["order_id"],
                "properties": {"order_id": {"type": "string"}},
                "additionalProperties": false
              },
              "OrderDetails": {
                "type": "object",
                "required": [
                  "order_id",
                  "customer_id",
                  "vendor_id",
                  "product_id",
                  "quantity",
                  "total_price",
                  "payment_method",
                  "payment_status",
                  "shipping_status",
                  "created_at",
                  "updated_at"
                ],
                "properties": {
                  "order_id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[^\\u0000]*$",
                    "description": "A version 7 UUID.",
                    "examples": ["018f1234-5678-9abc-def0-123456789abc"]
                  },
                  "customer_id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[^\\u0000]*$",
                    "description": "Who ordered.",
                    "examples": ["big-name"]
                  },
                  "vendor_id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[^\\u0000]*$",
                    "description": "Who sells.",
                    "examples": ["big-vendor"]
                  },
                  "product_id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[^\\u0000]*$",
                    "description": "What.",
                    "examples": ["big-product"]
                  },
                  "quantity": {"type": "integer", "minimum": 1, "maximum": 2147483647},
                  "total_price": {"type": "number", "exclusiveMinimum": 0, "maximum": 10000000000, "description": "At most two decimals."},
                  "payment_method": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[^\\u0000]*$",
                    "description": "How it is paid.",
                    "examples": ["CREDIT_CARD"]
                  },
                  "payment_status": {"$ref": "#/components/schemas/PaymentStatus"},
                  "shipping_status": {"$ref": "#/components/schemas/ShippingStatus"},
                  "payment_failure_reason": {"type": "string", "description": "Why the payment failed; absent unless it did."},
                  "cancellation_reason": {"type": "string", "description": "Why the order was cancelled; absent unless it was."},
                  "created_at": {"$ref": "#/components/schemas/Time"},
                  "updated_at": {"$ref": "#/components/schemas/Time"}
                },
                "additionalProperties": false
              },
              "OrderSummary": {
                "type": "object",
                "required": ["order_id", "payment_status", "shipping_status", "created_at", "updated_at"],
                "properties": {
                  "order_id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "pattern": "^[^\\u0000]*$",
                    "description": "A version 7 UUID.",
                    "examples": ["018f1234-5678-9abc-def0-123456789abc"]
                  },
                  "payment_status": {"$ref": "#/components/schemas/PaymentStatus"},
                  "shipping_status": {"$ref": "#/components/schemas/ShippingStatus"},
                  "created_at": {"$ref": "#/components/schemas/Time"},
                  "updated_at": {"$ref": "#/components/schemas/Time"}
                },
                "additionalProperties": false
              },
              "OrderEvent": {
                "type": "object",
                "required": ["sequence_number", "event_id", "event_type", "created_at", "payload"],
                "additionalProperties": false,
                "properties": {
                  "sequence_number": {"type": "integer", "minimum": 0},
                  "event_id": {"type": "string", "format": "uuid"},
                  "event_type": {
                    "type": "string",
                    "enum": [
                      "order_placed",
                      "order_payment_initiated",
                      "order_paid",
                      "order_payment_failed",
                      "order_cancelled",
                      "order_shipping_status_updated"
                    ]
                  },
                  "created_at": {"$ref": "#/components/schemas/Time"},
                  "payload": {"$ref": "#/components/schemas/EventPayload"}
                }
              },
              "EventPayload": {
                "type": "object",
                "description": "The fields that the event has, by its type: all have order_id and occurred_at.",
                "required": ["order_id", "occurred_at"],
                "additionalProperties": false,
                "properties": {
                  "order_id": {"type": "string"},
                  "occurred_at": {"$ref": "#/components/schemas/Time"},
                  "customer_id": {"type": "string"},
                  "vendor_id": {"type": "string"},
                  "product_id": {"type": "string"},
                  "quantity": {"type": "integer"},
                  "total_price_cents": {"type": "integer"},
                  "payment_method": {"type": "string"},
                  "reason": {"type": "string"},
                  "status": {"$ref": "#/components/schemas/ShippingStatus"}
                }
              },
              "Error": {
                "type": "object",
                "required": ["code", "message", "details"],
                "additionalProperties": false,
                "properties": {
                  "code": {"type": "integer", "minimum": 1, "maximum": 16, "description": "The number of the gRPC status code."},
                  "message": {"type": "string", "description": "For people; names the field at fault."},
                  "details": {
                    "type": "array",
                    "description": "Messages of google.rpc: ErrorInfo, BadRequest, RetryInfo.",
                    "items": {"type": "object", "required": ["@type"], "properties": {"@type": {"type": "string"}}}
                  }
                }
              }
            }
          }
        }
        """#
}
