/** The form editor speaks English only; its words are exchanged on the page, text by text. */
const RU: Record<string, string> = {
  Components: 'Поля', 'Search components': 'Найти поле', Input: 'Ввод', Selection: 'Выбор', Presentation: 'Показ', Containers: 'Группы', Action: 'Действия',
  'Text field': 'Строка', 'Text area': 'Текст', Number: 'Число', 'Date time': 'Дата и время', Expression: 'Выражение', 'File picker': 'Файл', Filepicker: 'Файл',
  Checkbox: 'Да/нет', 'Checkbox group': 'Несколько из списка', 'Radio group': 'Один из списка', Select: 'Выпадающий список', 'Tag list': 'Метки',
  'Text view': 'Надпись', 'Image view': 'Картинка', Table: 'Таблица', 'HTML view': 'HTML', 'Document preview': 'Документ', Spacer: 'Отступ', Separator: 'Линия',
  Group: 'Группа', 'Dynamic list': 'Повторяемая группа', iFrame: 'Страница', Button: 'Кнопка', 'No components found.': 'Ничего не найдено.',
  'Build your form': 'Соберите форму', 'Drag and drop components here to start designing.': 'Перетащите сюда поля из списка слева.', 'Use the preview window to test your form.': 'Ключи полей станут переменными процесса.',
  General: 'Общее', Form: 'Форма', Condition: 'Условие', Layout: 'Расположение', Appearance: 'Вид', Validation: 'Проверка', 'Custom properties': 'Дополнительные свойства', Serialization: 'Хранение', Constraints: 'Ограничения', 'Security attributes': 'Безопасность',
  ID: 'Идентификатор', Key: 'Ключ', 'Field label': 'Название поля', 'Field description': 'Пояснение', 'Default value': 'Значение сразу', Label: 'Название', Value: 'Значение', Type: 'Тип', Disabled: 'Отключено', 'Read only': 'Только чтение', Required: 'Обязательное',
  'Minimum length': 'Не короче', 'Maximum length': 'Не длиннее', Minimum: 'Не меньше', Maximum: 'Не больше', 'Regular expression validation': 'Образец', 'Validation pattern': 'Проверять', Columns: 'Столбцов', 'Hide if': 'Скрыть, если', 'Options source': 'Откуда варианты', 'Static options': 'Варианты', Searchable: 'С поиском', Multiple: 'Несколько', Text: 'Текст', 'Decimal digits': 'Знаков после запятой', Increment: 'Шаг', 'Group label': 'Название группы', 'Show outline': 'С рамкой', Height: 'Высота', Version: 'Версия', Title: 'Заголовок', Binds: 'Ключ',
  FORM: 'ФОРМА', Date: 'Дата', Time: 'Время', 'Date & Time': 'Дата и время', Prefix: 'Перед полем', Suffix: 'После поля', 'Date label': 'Название даты', 'Time label': 'Название времени', Subtype: 'Вид', 'Output as string': 'Хранить как текст', 'Add value': 'Добавить вариант',
}

export function speakRussian(root: HTMLElement): () => void {
  const translate = () => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const word = RU[node.nodeValue?.trim() ?? '']
      // What the person typed, and code, are left alone.
      if (word && !node.parentElement?.closest('[contenteditable], .cm-editor, .fjs-form-field, option')) node.nodeValue = word
    }
    for (const input of root.querySelectorAll<HTMLInputElement>('input[placeholder]')) {
      const word = RU[input.placeholder]
      if (word) input.placeholder = word
    }
  }
  const observer = new MutationObserver(translate)
  observer.observe(root, { childList: true, subtree: true })
  translate()
  return () => observer.disconnect()
}
