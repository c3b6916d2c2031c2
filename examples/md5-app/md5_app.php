<?php
/**
 * The handler of the activity `md5`: takes the form POST of a process step and answers with the MD5 sum of its text.
 * Only PHP itself is needed:
 *
 *     php -S 127.0.0.1:9902 md5_app.php
 *
 * Register it first with md5_register.php. See README.md.
 */

declare(strict_types=1);

const FLOOD_BYTES = 100000000;

/** Calls a REST method of the portal that called us and gives its decoded answer. */
function call(string $base, string $method, array $params, string $token): array
{
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => 'Content-Type: application/x-www-form-urlencoded',
        'content' => http_build_query($params + ['auth' => $token]),
        'timeout' => 30,
        'ignore_errors' => true,
    ]]);
    $answer = file_get_contents("$base/rest/$method.json", false, $context);
    return is_string($answer) ? (json_decode($answer, true) ?? []) : ['error' => 'NO_ANSWER'];
}

/** Sends the step's result back. */
function answerStep(array $request): array
{
    $base = 'http://' . $request['auth']['domain'];
    $token = $request['auth']['access_token'];
    $logLine = (string) getenv('LOG_LINE');
    if ($logLine !== '') {
        call($base, 'bizproc.activity.log', [
            'event_token' => $request['event_token'],
            'log_message' => $logLine,
        ], $token);
    }
    $md5 = md5($request['properties']['inputString'] ?? '');
    $result = call($base, 'bizproc.event.send', [
        'event_token' => $request['event_token'],
        'return_values' => ['outputString' => $md5],
        'log_message' => "MD5 is $md5",
    ], $token);
    say('answered', ['workflow_id' => $request['workflow_id'], 'md5' => $md5, 'result' => $result]);
    return $result;
}

function say(string $what, array $data): void
{
    error_log((string) json_encode(['what' => $what] + $data));
}

/** Sends this request's own answer now; the code after it runs on with the caller gone. */
function replyAndGoOn(string $text): void
{
    ignore_user_abort(true);
    header('Content-Length: ' . strlen($text));
    header('Connection: close');
    echo $text;
    while (ob_get_level() > 0) {
        ob_end_flush();
    }
    flush();
}

$holdFile = getenv('HOLD_FILE') ?: 'held-requests.jsonl';
$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);

if ($path === '/healthz') {
    echo 'ok';
    return;
}
if ($path === '/release') {
    $lines = is_file($holdFile) ? file($holdFile, FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES) : [];
    if ($lines) {
        rename($holdFile, "$holdFile.old");
    }
    header('Content-Type: application/json');
    echo json_encode(array_map(static fn (string $line): array => answerStep(json_decode($line, true)), $lines));
    return;
}
if ($_SERVER['REQUEST_METHOD'] !== 'POST' || empty($_POST['event_token'])) {
    http_response_code(404);
    echo 'not found';
    return;
}

$mode = getenv('HANDLER_MODE') ?: 'immediate';
say('called', ['mode' => $mode, 'workflow_id' => $_POST['workflow_id'] ?? null, 'code' => $_POST['code'] ?? null]);
switch ($mode) {
    case 'delay':
        replyAndGoOn('later');
        usleep((int) (1000000 * (float) (getenv('HANDLER_DELAY_S') ?: '2')));
        answerStep($_POST);
        break;
    case 'hold':
        file_put_contents($holdFile, json_encode($_POST, JSON_UNESCAPED_UNICODE) . "\n", FILE_APPEND | LOCK_EX);
        echo 'held';
        break;
    case 'fail500':
        http_response_code(500);
        echo 'broken on purpose';
        break;
    case 'hang':
        set_time_limit(0);
        sleep(3600);
        break;
    case 'redirect':
        http_response_code(302);
        header('Location: /elsewhere');
        break;
    case 'flood':
        for ($sent = 0; $sent < FLOOD_BYTES; $sent += 65536) {
            echo str_repeat('x', 65536);
            flush();
        }
        break;
    default:
        // The answer goes out before this request is answered, as the simplest handlers do it.
        answerStep($_POST);
        echo 'ok';
}
