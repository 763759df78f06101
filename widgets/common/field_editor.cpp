// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/field_editor.h"

#include "core/spec/field_values.h"
#include "widgets/common/engine_path.h"
#include "widgets/common/glossary.h"
#include "widgets/common/field_text.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/common/wheel_guard.h"
#include "widgets/session/engine_session.h"
#include "widgets/theme/theme.h"

#include <QAbstractItemView>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QJsonDocument>
#include <QMenu>
#include <QRegularExpression>
#include <QStyle>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {

namespace {

/// A list of paths is a list of texts to the table, which checks what is behind a path when the run is made.
bool isPathList(const Field &field)
{
    return field.type == FieldType::TextList && field.key == "continual.stages";
}

constexpr auto kShownValue = "orreryShownValue"; // property of a box: what it showed before "Choose file …"

/// The file of a box, or nothing: "models/tokenizer.json" says more than the whole path has room for.
QString fileTitle(const QString &path)
{
    const QFileInfo info(path);
    const QString folder = info.dir().dirName();
    return folder.isEmpty() ? info.fileName() : folder + u'/' + info.fileName();
}

/// Behind the choices of a field that takes a file, too: a line, and what asks for it.
void addFileChoice(QComboBox &box)
{
    box.insertSeparator(box.count());
    box.addItem(FieldEditor::tr("Choose file …"));
}

/// The units of the table that are words of several.
QString singleUnit(const std::string &unit)
{
    if (unit == "steps") return FieldEditor::tr("step");
    if (unit == "tokens") return FieldEditor::tr("token");
    if (unit == "sequences") return FieldEditor::tr("sequence");
    if (unit == "evaluations") return FieldEditor::tr("evaluation");
    if (unit == "pixels") return FieldEditor::tr("pixel");
    if (unit == "slots") return FieldEditor::tr("slot");
    return fieldText(unit);
}

/// The list with one more entry, as parseFieldValue() reads it.
QString withEntry(const QString &list, const QString &entry)
{
    QJsonArray entries = QJsonDocument::fromJson(list.toUtf8()).array();
    if (entries.isEmpty() && !list.isEmpty() && !list.startsWith(u'[')) entries.append(list);
    entries.append(entry);
    return QString::fromUtf8(QJsonDocument(entries).toJson(QJsonDocument::Compact));
}

} // namespace

QString fieldValueWords(const Field &field, const QString &value)
{
    if (value == u"[]"_s && field.type == FieldType::TextList) return FieldEditor::tr("none");
    static const QRegularExpression meaning(u"[;.,] (-?\\d+): (.+?)(?=[;.,]\\s|[;.,]?$)"_s);
    for (const auto &found : meaning.globalMatch(fieldText(field.effect)))
        if (found.captured(1) == value) return value + u", "_s + found.captured(2);
    return value;
}

QString fieldValueWithUnit(const Field &field, const QString &value)
{
    const QString words = fieldValueWords(field, value);
    const bool isNumber = field.type == FieldType::Integer || field.type == FieldType::Real;
    if (words != value || !isNumber) return words;
    bool isWhole = false;
    const qint64 number = value.toLongLong(&isWhole);
    const QString shown = isWhole ? integerText(number) : value; // 65,536
    if (field.unit.empty()) return shown;
    return shown + u' ' + (value == u"1"_s ? singleUnit(field.unit) : fieldText(field.unit));
}

QString fieldLabel(const Field &field) { return field.label.empty() ? fromStd(field.key) : fieldText(field.label); }

QString fieldToolTip(const Field &field)
{
    QStringList parts;
    if (!field.effect.empty()) parts << fieldText(field.effect);
    if (const QString advice = glossaryAdvice(fromStd(field.key)); !advice.isEmpty()) parts << advice;
    const QString range = fromStd(field.rangeText());
    if (!range.isEmpty()) {
        QString line = FieldEditor::tr("Range: %1").arg(range);
        if (!field.unit.empty() && field.type != FieldType::Choice) line += u' ' + fieldText(field.unit);
        parts << line;
    }
    parts << FieldEditor::tr("Key: %1").arg(fromStd(field.key));
    return parts.join(u'\n');
}

/// A default and what is said in its place.
static void showDefault(QLineEdit &line, const Field &field, const QString &value, const QString &words)
{
    if (line.placeholderText() == words) return; // at every key that is pressed in a form
    line.setPlaceholderText(words);
    // Words have no room in every field.
    line.setToolTip(words == value ? fieldToolTip(field) : words + u'\n' + fieldToolTip(field));
}

FieldEditor::FieldEditor(const Field &field, QWidget *parent) : QWidget(parent), m_field(field)
{
    const QString key = fromStd(field.key);
    setObjectName(u"field_"_s + key);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    if (field.type == FieldType::Bool) {
        m_check = new QCheckBox(this);
        m_control = m_check;
        connect(m_check, &QCheckBox::clicked, this, [this] {
            m_isGiven = true;
            m_check->setText(m_check->isChecked() ? tr("on") : tr("off"));
            Q_EMIT edited();
            Q_EMIT committed();
        });
    } else if (field.type == FieldType::Choice) {
        m_box = new QComboBox(this);
        for (const std::string &choice : field.choices) m_box->addItem(fromStd(choice), fromStd(choice));
        if (takesFile(field)) addFileChoice(*m_box);
        guardFromWheel(m_box);
        m_box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
        m_control = m_box;
        connect(m_box, &QComboBox::activated, this, [this](int row) {
            if (takesFile(m_field) && row == m_box->count() - 1) {
                m_box->setCurrentIndex(m_box->findData(m_box->property(kShownValue)));
                return browse(false);
            }
            m_box->setProperty(kShownValue, m_box->currentData());
            m_isGiven = true;
            showWhoChose();
            Q_EMIT edited();
            Q_EMIT committed();
        });
    } else {
        m_line = new UnitLineEdit(fieldText(field.unit), this);
        m_control = m_line;
        connect(m_line, &QLineEdit::textEdited, this, [this] {
            m_isGiven = !m_line->text().trimmed().isEmpty();
            Q_EMIT edited();
        });
        connect(m_line, &QLineEdit::textChanged, this, &FieldEditor::showUnit);
        connect(m_line, &QLineEdit::editingFinished, this, [this] {
            showBeginning();
            Q_EMIT committed();
        });
    }
    m_control->setObjectName(u"control_"_s + key);
    m_control->setAccessibleName(fieldLabel(field));
    m_control->setAccessibleDescription(fieldText(field.effect));
    m_control->setToolTip(fieldToolTip(field));
    layout->addWidget(m_control, m_check ? 0 : 1); // lines and choices end at one edge
    if (m_check) layout->addStretch(1);
    if (field.type == FieldType::Path || isPathList(field)) addBrowse();
    setFocusProxy(m_control);
}

void FieldEditor::addBrowse()
{
    auto *button = makeIconButton(u"folder"_s, tr("Browse for %1").arg(fieldLabel(m_field).toLower()), this);
    button->setAutoRaise(false);
    button->setObjectName(u"browse_"_s + fromStd(m_field.key));
    button->setPopupMode(QToolButton::InstantPopup);
    m_browseMenu = new QMenu(button);
    const bool isList = isPathList(m_field);
    m_browseMenu->addAction(isList ? tr("Add a folder …") : tr("Choose a folder …"), this,
                            [this] { browse(true); });
    m_browseMenu->addAction(isList ? tr("Add a file …") : tr("Choose a file …"), this,
                            [this] { browse(false); });
    button->setMenu(m_browseMenu);
    layout()->addWidget(button);
}

void FieldEditor::setExamplePath(const std::function<QString()> &provider)
{
    if (!m_browseMenu || !provider) return;
    m_browseMenu->addSeparator();
    m_browseMenu->addAction(tr("Use the example"), this, [this, provider] {
        setGivenText(provider());
        Q_EMIT edited();
        Q_EMIT committed();
    });
}

void FieldEditor::browse(bool wantsFolder)
{
    QString current = m_box ? m_box->property(kShownValue).toString() : m_line->text().trimmed();
    if (m_box && !current.contains(u'/')) current.clear(); // one of the choices
    if (isPathList(m_field)) current.clear();
    PathQuestion question{m_box          ? tr("Choose a tokenizer.json")
                          : wantsFolder ? tr("Choose a folder of text")
                                        : tr("Choose a text file"),
                          u"browseDialog"_s, wantsFolder ? PathKind::Folder : PathKind::File};
    if (!current.isEmpty()) question.directory = QFileInfo(current).absolutePath();
    question.accept = tr("Choose");
    question.current = current;
    if (m_box) question.filters = {tr("Tokenizers (*.json)"), tr("All files (*)")};
    const auto take = [this](const QString &path) { takePath(path); };
    if (m_engine)
        askForEnginePath(*m_engine, this, question, take);
    else
        askForPathHere(this, question, take);
}

void FieldEditor::takePath(const QString &path)
{
    setGivenText(isPathList(m_field) ? withEntry(m_line->text().trimmed(), path) : path);
    Q_EMIT edited();
    Q_EMIT committed();
}

void FieldEditor::setDefaultText(const QString &text)
{
    m_default = text;
    if (m_line && m_placeholder.isEmpty()) showDefault(*m_line, m_field, text, fieldValueWords(m_field, text));
    if (!m_isGiven) setGivenText(std::nullopt);
    showUnit();
}

void FieldEditor::setPlaceholder(const QString &text)
{
    m_placeholder = text;
    if (m_line) showDefault(*m_line, m_field, m_default, text.isEmpty() ? fieldValueWords(m_field, m_default) : text);
    showUnit();
}

/// Words are no number of anything: "0, never" and not "0, never evaluations". A number that was given and
/// stands for words says them where its unit would be.
void FieldEditor::showUnit()
{
    if (!m_line) return;
    const QString text = m_line->text().trimmed(), unit = fieldText(m_field.unit);
    if (text.isEmpty()) return m_line->setUnit(m_line->placeholderText() == m_default ? unit : QString());
    if (text == m_default && !m_placeholder.isEmpty()) return m_line->setUnit(m_placeholder);
    const QString words = fieldValueWords(m_field, text), begin = text + u", "_s;
    m_line->setUnit(words.startsWith(begin) ? words.mid(begin.size()) : unit);
}

/// A path is known by its beginning, unless somebody is at work at its end.
void FieldEditor::showBeginning()
{
    if (!m_line->hasFocus()) m_line->setCursorPosition(0);
}

void FieldEditor::setGivenText(const std::optional<QString> &text)
{
    m_isGiven = text.has_value();
    if (m_line) {
        const QString shown = text.value_or(QString());
        if (m_line->text() != shown) m_line->setText(shown);
        showBeginning();
    } else if (m_box) {
        // A value that is no choice is shown as it is: its field says what is wrong with it, and it is not
        // lost.
        const int numChoices = static_cast<int>(m_field.choices.size()), numBehind = takesFile(m_field) ? 2 : 0;
        while (m_box->count() > numChoices + numBehind) m_box->removeItem(numChoices);
        if (text && m_box->findData(*text) < 0) {
            const bool isFile = takesFile(m_field) && text->contains(u'/');
            m_box->insertItem(numChoices, isFile ? fileTitle(*text) : *text, *text);
            m_box->setItemData(numChoices, *text, Qt::ToolTipRole);
        }
        m_box->setProperty(kShownValue, text.value_or(m_default));
        m_box->setCurrentIndex(m_box->findData(text.value_or(m_default)));
        showWhoChose();
    } else {
        m_check->setChecked(text.value_or(m_default) == u"true"_s);
        m_check->setText(m_check->isChecked() ? tr("on") : tr("off"));
    }
}

std::optional<QString> FieldEditor::givenText() const
{
    if (!m_isGiven) return std::nullopt;
    if (m_line) {
        const QString text = m_field.type == FieldType::Text ? m_line->text() : m_line->text().trimmed();
        // The engine has no shell to do it. On another computer it has another home, and says what it needs.
        const bool isHere = !m_engine || m_engine->isOfThisComputer();
        if (isHere && m_field.type == FieldType::Path && text.startsWith(u"~/"_s))
            return QDir::homePath() + text.mid(1);
        return text;
    }
    if (m_box) return m_box->currentData().toString();
    return m_check->isChecked() ? u"true"_s : u"false"_s;
}

/// A choice that nobody made is as grey as the default in an empty line.
void FieldEditor::showWhoChose()
{
    if (!m_box || m_box->property("isDefault").toBool() == !m_isGiven) return;
    m_box->setProperty("isDefault", !m_isGiven);
    m_box->style()->unpolish(m_box);
    m_box->style()->polish(m_box);
}

void FieldEditor::setInvalid(bool isInvalid)
{
    if (m_line) m_line->setInvalid(isInvalid);
    if (!m_box || m_box->property("invalid").toBool() == isInvalid) return;
    m_box->setProperty("invalid", isInvalid);
    m_box->style()->unpolish(m_box);
    m_box->style()->polish(m_box);
}

bool FieldEditor::isInvalid() const { return m_control->property("invalid").toBool(); }

} // namespace orrery::ui
