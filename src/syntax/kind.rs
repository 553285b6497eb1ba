//! What a syntax node is: the grammar's kinds as an enum, resolved by name once per process.

use std::sync::OnceLock;

macro_rules! kinds {
    (
        nodes { $($node:ident $node_name:literal)* }
        leaves { $($leaf:ident $leaf_name:literal)* }
        tokens { $($token:ident $token_name:literal)* }
    ) => {
        /// The kind of a node. Punctuation that says nothing is no node at all.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the names are the grammar's own")]
        pub enum Kind {
            $($node,)*
            /// Where the parser lost its way.
            Error,
            $($leaf,)*
            $($token,)*
            /// A token without meaning of its own.
            Punctuation,
        }

        const NAMED: &[(&str, Kind)] = &[$(($node_name, Kind::$node),)* $(($leaf_name, Kind::$leaf),)*];
        const TOKENS: &[(&str, Kind)] = &[$(($token_name, Kind::$token),)*];
    };
}

kinds! {
    nodes {
        Module "module"
        Block "block"
        ExpressionStatement "expression_statement"
        ImportStatement "import_statement"
        ImportFromStatement "import_from_statement"
        FutureImportStatement "future_import_statement"
        PrintStatement "print_statement"
        AssertStatement "assert_statement"
        ReturnStatement "return_statement"
        DeleteStatement "delete_statement"
        RaiseStatement "raise_statement"
        GlobalStatement "global_statement"
        NonlocalStatement "nonlocal_statement"
        ExecStatement "exec_statement"
        TypeAliasStatement "type_alias_statement"
        IfStatement "if_statement"
        ForStatement "for_statement"
        WhileStatement "while_statement"
        TryStatement "try_statement"
        WithStatement "with_statement"
        MatchStatement "match_statement"
        FunctionDefinition "function_definition"
        ClassDefinition "class_definition"
        DecoratedDefinition "decorated_definition"
        ElifClause "elif_clause"
        ElseClause "else_clause"
        ExceptClause "except_clause"
        FinallyClause "finally_clause"
        CaseClause "case_clause"
        WithClause "with_clause"
        WithItem "with_item"
        Decorator "decorator"
        Parameters "parameters"
        LambdaParameters "lambda_parameters"
        TypedParameter "typed_parameter"
        DefaultParameter "default_parameter"
        TypedDefaultParameter "typed_default_parameter"
        ListSplatPattern "list_splat_pattern"
        DictionarySplatPattern "dictionary_splat_pattern"
        TypeParameter "type_parameter"
        Type "type"
        GenericType "generic_type"
        UnionType "union_type"
        ConstrainedType "constrained_type"
        MemberType "member_type"
        SplatType "splat_type"
        RelativeImport "relative_import"
        ImportPrefix "import_prefix"
        AliasedImport "aliased_import"
        DottedName "dotted_name"
        Chevron "chevron"
        Assignment "assignment"
        AugmentedAssignment "augmented_assignment"
        ExpressionList "expression_list"
        PatternList "pattern_list"
        TuplePattern "tuple_pattern"
        ListPattern "list_pattern"
        CasePattern "case_pattern"
        AsPattern "as_pattern"
        AsPatternTarget "as_pattern_target"
        UnionPattern "union_pattern"
        DictPattern "dict_pattern"
        KeywordPattern "keyword_pattern"
        SplatPattern "splat_pattern"
        ClassPattern "class_pattern"
        ComplexPattern "complex_pattern"
        NamedExpression "named_expression"
        Lambda "lambda"
        ConditionalExpression "conditional_expression"
        NotOperator "not_operator"
        BooleanOperator "boolean_operator"
        ComparisonOperator "comparison_operator"
        BinaryOperator "binary_operator"
        UnaryOperator "unary_operator"
        Await "await"
        Yield "yield"
        Attribute "attribute"
        Subscript "subscript"
        Slice "slice"
        Call "call"
        ArgumentList "argument_list"
        KeywordArgument "keyword_argument"
        ListSplat "list_splat"
        DictionarySplat "dictionary_splat"
        List "list"
        Set "set"
        Tuple "tuple"
        Dictionary "dictionary"
        Pair "pair"
        ListComprehension "list_comprehension"
        SetComprehension "set_comprehension"
        DictionaryComprehension "dictionary_comprehension"
        GeneratorExpression "generator_expression"
        ForInClause "for_in_clause"
        IfClause "if_clause"
        ParenthesizedExpression "parenthesized_expression"
        ConcatenatedString "concatenated_string"
        String "string"
        Interpolation "interpolation"
        FormatSpecifier "format_specifier"
        FormatExpression "format_expression"
    }
    leaves {
        Identifier "identifier"
        Integer "integer"
        Float "float"
        True "true"
        False "false"
        None "none"
        Ellipsis "ellipsis"
        PassStatement "pass_statement"
        BreakStatement "break_statement"
        ContinueStatement "continue_statement"
        WildcardImport "wildcard_import"
        PositionalSeparator "positional_separator"
        KeywordSeparator "keyword_separator"
        Comment "comment"
    }
    tokens {
        Plus "+"
        Minus "-"
        Star "*"
        At "@"
        Slash "/"
        Percent "%"
        DoubleSlash "//"
        DoubleStar "**"
        Pipe "|"
        Ampersand "&"
        Caret "^"
        ShiftLeft "<<"
        ShiftRight ">>"
        Tilde "~"
        Less "<"
        LessEqual "<="
        Equal "=="
        NotEqual "!="
        GreaterEqual ">="
        Greater ">"
        Diamond "<>"
        In "in"
        NotIn "not in"
        Is "is"
        IsNot "is not"
        And "and"
        Or "or"
        PlusAssign "+="
        MinusAssign "-="
        StarAssign "*="
        SlashAssign "/="
        AtAssign "@="
        DoubleSlashAssign "//="
        PercentAssign "%="
        DoubleStarAssign "**="
        ShiftRightAssign ">>="
        ShiftLeftAssign "<<="
        AmpersandAssign "&="
        CaretAssign "^="
        PipeAssign "|="
        Async "async"
        From "from"
        As "as"
        Colon ":"
        Underscore "_"
    }
}

impl Kind {
    /// Whether nodes of this kind have no children worth a visit.
    pub(crate) fn is_leaf(self) -> bool {
        self > Kind::Error
    }

    /// Whether this is an operator or a word, not a part of the tree.
    pub(crate) fn is_token(self) -> bool {
        self > Kind::Comment
    }

    /// Whether this is a whole statement; a decorated definition is two, one inside the other.
    pub(crate) fn is_statement(self) -> bool {
        (Kind::ExpressionStatement..=Kind::DecoratedDefinition).contains(&self)
            || (Kind::PassStatement..=Kind::ContinueStatement).contains(&self)
    }
}

/// The kind of each symbol of the grammar, by its number.
pub(super) fn table() -> &'static [Kind] {
    static TABLE: OnceLock<Vec<Kind>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let language = tree_sitter::Language::from(tree_sitter_python::LANGUAGE);
        (0..language.node_kind_count() as u16)
            .map(|id| resolve(&language, id))
            .collect()
    })
}

fn resolve(language: &tree_sitter::Language, id: u16) -> Kind {
    let Some(name) = language.node_kind_for_id(id) else {
        return Kind::Punctuation;
    };
    let known = if language.node_kind_is_named(id) {
        NAMED
    } else {
        TOKENS
    };
    known
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(Kind::Punctuation, |&(_, kind)| kind)
}
