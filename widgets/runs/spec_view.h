// SPDX-License-Identifier: GPL-3.0-or-later
// The frozen spec of a run: every setting in the order of the field table, searchable, to copy. GUI thread
// only.
#pragma once

#include <QWidget>

class QLineEdit;
class QTreeView;

namespace orrery::ui {

class SpecModel;

class SpecView : public QWidget {
    Q_OBJECT
public:
    explicit SpecView(QWidget *parent = nullptr);
    /// @param specJson spec.json as the engine hands it out; empty shows nothing
    void setSpec(const QString &specJson);
    [[nodiscard]] int numShown() const;
    [[nodiscard]] QLineEdit *searchBox() const { return m_search; }
    /// "key<tab>value" of the selected rows, or of all shown.
    [[nodiscard]] QString copyText() const;

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void fitNames();

    class Proxy;
    QString m_json;
    int m_widestName = 0;
    SpecModel *m_model;
    Proxy *m_proxy;
    QTreeView *m_view;
    QLineEdit *m_search;
};

} // namespace orrery::ui
