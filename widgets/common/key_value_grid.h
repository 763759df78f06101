// SPDX-License-Identifier: GPL-3.0-or-later
// Names at the left, numbers at the right in one column with tabular figures. Values can be selected; the
// context menu copies one or all as tab-separated text. GUI thread only.
#pragma once

#include <QHash>
#include <QList>
#include <QWidget>

class QGridLayout;

namespace orrery::ui {

class ElidedLabel;
class ToneLabel;
enum class Tone : uint8_t;

class KeyValueGrid : public QWidget {
    Q_OBJECT
public:
    explicit KeyValueGrid(QWidget *parent = nullptr);
    /// Adds a row, or changes it when there is one under this name. Rows keep the order in which they were
    /// first set.
    void setValue(const QString &name, const QString &value, const QString &toolTip = {});
    void setValue(const QString &name, const QString &value, Tone tone, const QString &toolTip = {});
    /// The row's name says on hover what the glossary has of the term; the value keeps its own hover, else says it, too.
    void explain(const QString &name, const QString &term);
    void setRowVisible(const QString &name, bool isVisible);
    void clear();
    [[nodiscard]] QString value(const QString &name) const;
    /// "name<tab>value" lines of the visible rows; "Copy all" copies it.
    [[nodiscard]] virtual QString toText() const;

protected:
    void contextMenuEvent(QContextMenuEvent *event) override;

private:
    struct Row {
        QString name;
        ElidedLabel *nameLabel;
        ToneLabel *valueLabel;
    };
    [[nodiscard]] const Row *findRow(const QString &name) const;

    QGridLayout *m_layout;
    QList<Row> m_rows;
    QHash<QString, QString> m_terms; ///< by the row's name
};

} // namespace orrery::ui
