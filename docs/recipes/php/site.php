<?php
// A PHP site that logs in with GrandLyonConnect, without any library: `php -S localhost:3000 site.php`.
// Its ID Tokens are signed with the client's secret (HS256, the real service's default).
declare(strict_types=1);
session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax']);

$issuer = getenv('GLC_ISSUER');
$id = getenv('GLC_CLIENT_ID');
$secret = getenv('GLC_CLIENT_SECRET');
$callback = 'http://' . $_SERVER['HTTP_HOST'] . '/callback';

function fetch(string $url, string $authorization = '', ?array $form = null): array {
    $http = ['method' => $form ? 'POST' : 'GET', 'timeout' => 5, 'follow_location' => 0, 'header' => array_filter([
        $authorization ? "Authorization: $authorization" : '',
        $form ? 'Content-Type: application/x-www-form-urlencoded' : '',
    ]), 'content' => $form ? http_build_query($form) : ''];
    $answer = @file_get_contents($url, false, stream_context_create(['http' => $http]));
    return json_decode((string) $answer, true) ?? refuse("$url n’a pas répondu comme il faut");
}

function refuse(string $why): never {
    http_response_code(403);
    exit("Non connecté : " . htmlspecialchars($why) . "\n");
}

function b64(string $bytes): string { return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '='); }
function unb64(string $text): string { return base64_decode(strtr($text, '-_', '+/')); }

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/login') {
    $_SESSION['login'] = $login = array_map(fn() => b64(random_bytes(32)), ['state' => 0, 'nonce' => 0, 'verifier' => 0]);
    header('Location: ' . fetch(rtrim($issuer, '/') . '/.well-known/openid-configuration')['authorization_endpoint'] . '?'
        . http_build_query(['client_id' => $id, 'response_type' => 'code', 'scope' => 'openid profile email',
            'redirect_uri' => $callback, 'state' => $login['state'], 'nonce' => $login['nonce'],
            'code_challenge' => b64(hash('sha256', $login['verifier'], true)), 'code_challenge_method' => 'S256']));
} elseif ($path === '/callback') {
    $login = $_SESSION['login'] ?? refuse('aucune connexion en cours');
    unset($_SESSION['login']);
    hash_equals($login['state'], $_GET['state'] ?? '') || refuse('state');
    isset($_GET['code']) || refuse($_GET['error'] ?? 'code');
    $provider = fetch(rtrim($issuer, '/') . '/.well-known/openid-configuration');
    $tokens = fetch($provider['token_endpoint'], 'Basic ' . base64_encode("$id:$secret"), [
        'grant_type' => 'authorization_code', 'code' => $_GET['code'], 'redirect_uri' => $callback,
        'code_verifier' => $login['verifier']]);
    [$header, $payload, $signature] = explode('.', $tokens['id_token'] ?? refuse($tokens['error'] ?? 'id_token')) + ['', '', ''];
    $claims = json_decode(unb64($payload), true);
    (json_decode(unb64($header), true)['alg'] ?? '') === 'HS256' || refuse('alg');
    hash_equals(hash_hmac('sha256', "$header.$payload", $secret, true), unb64($signature)) || refuse('signature');
    $claims['iss'] === $issuer || refuse('iss');
    (array) $claims['aud'] === [$id] || refuse('aud');
    $claims['exp'] > time() || refuse('exp');
    hash_equals($login['nonce'], $claims['nonce'] ?? '') || refuse('nonce');
    $user = fetch($provider['userinfo_endpoint'], "Bearer {$tokens['access_token']}");
    $user['sub'] === $claims['sub'] || refuse('sub');
    session_regenerate_id(true);
    $_SESSION['user'] = $user;
    header('Location: /');
} else {
    echo isset($_SESSION['user']) ? 'Bonjour ' . htmlspecialchars($_SESSION['user']['given_name']) : 'Non connecté', "\n";
}
