<?php
/**
 * Registers the activity `md5` of md5_app.php, or takes it away again:
 *
 *     PORTAL=http://127.0.0.1:8080 ACCESS_TOKEN=... HANDLER_URL=http://127.0.0.1:9902/ php md5_register.php
 *     PORTAL=http://127.0.0.1:8080 ACCESS_TOKEN=... php md5_register.php delete
 */

declare(strict_types=1);

$portal = rtrim(getenv('PORTAL') ?: 'http://127.0.0.1:8080', '/');
$token = (string) getenv('ACCESS_TOKEN');
if ($token === '') {
    fwrite(STDERR, "set ACCESS_TOKEN: an access token of the app, given when the app is created\n");
    exit(2);
}

$method = 'bizproc.activity.add';
$params = [
    'CODE' => 'md5',
    'HANDLER' => getenv('HANDLER_URL') ?: 'http://127.0.0.1:9902/',
    'AUTH_USER_ID' => (int) (getenv('AUTH_USER_ID') ?: 1),
    'USE_SUBSCRIPTION' => 'Y',
    'NAME' => ['ru' => 'MD5 генератор', 'en' => 'MD5 generator'],
    'DESCRIPTION' => [
        'ru' => 'Активити возвращает MD5-хеш от параметра',
        'en' => 'The activity returns the MD5 hash of its parameter',
    ],
    'PROPERTIES' => [
        'inputString' => [
            'Name' => ['ru' => 'Входная строка', 'en' => 'Input string'],
            'Description' => [
                'ru' => 'Введите строку, которую вы хотите хешировать',
                'en' => 'Enter the string that you want to hash',
            ],
            'Type' => 'string',
            'Required' => 'Y',
            'Multiple' => 'N',
            'Default' => '{=Document:NAME}',
        ],
    ],
    'RETURN_PROPERTIES' => [
        'outputString' => [
            'Name' => ['ru' => 'MD5', 'en' => 'MD5'],
            'Type' => 'string',
            'Multiple' => 'N',
            'Default' => null,
        ],
    ],
];
if (($argv[1] ?? '') === 'delete') {
    $method = 'bizproc.activity.delete';
    $params = ['CODE' => 'md5'];
}

$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => 'Content-Type: application/x-www-form-urlencoded',
    'content' => http_build_query($params + ['auth' => $token]),
    'timeout' => 30,
    'ignore_errors' => true,
]]);
$answer = file_get_contents("$portal/rest/$method.json", false, $context);
if ($answer === false) {
    fwrite(STDERR, "no answer from $portal\n");
    exit(1);
}
echo $answer, "\n";
$decoded = json_decode($answer, true);
exit(is_array($decoded) && !isset($decoded['error']) ? 0 : 1);
