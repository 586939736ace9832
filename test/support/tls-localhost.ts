/**
 * A self-signed certificate for 127.0.0.1 and its key, made for these tests with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=localhost
 * -addext subjectAltName=IP:127.0.0.1,DNS:localhost`. It protects nothing.
 */
export const LOCALHOST_CERT = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUSnH+UUY047q+IaabL7mdhVHHc7EwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjEzMjMzMFoYDzIxMjYxMDI5
MTMyMzMwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQGsTtpRApqBnij34A9bCYolTK4URcL5MQrVxE7yoZrurz0cjZgJmp7
r5m/UaTlcJMcPymZP8TvK4rmZsb/8CAPo28wbTAdBgNVHQ4EFgQUzYZqkFfOSzZl
EPmCYeJoDD6sBDgwHwYDVR0jBBgwFoAUzYZqkFfOSzZlEPmCYeJoDD6sBDgwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDRwAwRAIgMkTJwbutWLNMwRGoKUpmGrO+FphVZYrwaIbaamP/7XkCIHfB
AdLFXZp+ychCk2W5ijjviyvkw1jiHD78hVZi+hDY
-----END CERTIFICATE-----
`;
export const LOCALHOST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgp+g/yn82hTVG6Fqa
+YIH5EXwKv6GffaB6BrtHA0q0XahRANCAAQGsTtpRApqBnij34A9bCYolTK4URcL
5MQrVxE7yoZrurz0cjZgJmp7r5m/UaTlcJMcPymZP8TvK4rmZsb/8CAP
-----END PRIVATE KEY-----
`;
