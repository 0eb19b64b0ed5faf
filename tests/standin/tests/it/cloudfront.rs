//! The CloudFront API.

use std::time::Duration;

use cloudfront_standin::{
    Completion, Config, Distribution, Operation, Quotas, ReferenceConflict, Standin, Status, Tenant,
};

use crate::client::{Reply, batch, create, request};

const USED: &str = "Your request contains a caller reference that was used for a previous \
                    invalidation batch for the same distribution.";

fn standin() -> Standin {
    Standin::start(Config::new().distribution("E1"))
}

fn get(standin: &Standin, path: &str) -> Reply {
    request(standin, "GET", path).send()
}

#[test]
fn an_invalidation_is_created_and_described() {
    let standin = standin();
    let reply = create(&standin, "r&amp;1", &["/a&amp;b", "/*"]).send();
    assert_eq!(reply.status, 201);
    let id = reply.element("Id");
    let url = "https://cloudfront.amazonaws.com/2020-05-31/distribution/E1/invalidation/";
    assert_eq!(reply.header("location"), Some(&format!("{url}{id}")[..]));
    assert_eq!(reply.header("content-type"), Some("text/xml"));
    assert!(reply.header("date").is_some());
    assert!(reply.header("x-amzn-requestid").is_some());
    let described = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Id>{id}</Id>\
         <Status>InProgress</Status><CreateTime>{}</CreateTime><InvalidationBatch><Paths>\
         <Quantity>2</Quantity><Items><Path>/a&amp;b</Path><Path>/*</Path></Items></Paths>\
         <CallerReference>r&amp;1</CallerReference></InvalidationBatch></Invalidation>",
        reply.element("CreateTime")
    );
    assert_eq!(reply.text(), described);
    let known = &standin.invalidations("E1")[0];
    assert_eq!(known.paths, ["/a&b", "/*"]);
    assert_eq!(known.caller_reference, "r&1");
}

#[test]
fn an_older_api_version_is_answered_in_its_own_namespace() {
    let standin = standin();
    let reply = request(&standin, "POST", "/2017-03-25/distribution/E1/invalidation")
        .body(batch("r", &["/a"]))
        .send();
    assert_eq!(reply.status, 201);
    assert!(
        reply
            .text()
            .contains("xmlns=\"http://cloudfront.amazonaws.com/doc/2017-03-25/\"")
    );
}

#[test]
fn a_reference_used_again_for_the_same_batch_makes_nothing() {
    let standin = Standin::start(Config::new().distribution("E1").manual_clock());
    let first = create(&standin, "r", &["/a", "/b"]).send();
    standin.advance_clock(Duration::from_mins(1));
    standin.set_origin_file("E1", "a", "new");
    standin.view("E1", "/a");
    let second = create(&standin, "r", &["/a", "/b"]).send();
    assert_eq!(second.status, 201);
    assert_eq!(second.element("Id"), first.element("Id"));
    assert_eq!(second.element("CreateTime"), first.element("CreateTime"));
    assert_ne!(second.header("date"), first.header("date"));
    assert_eq!(standin.billed_paths("E1"), 2);
    assert_eq!(standin.evictions("E1").len(), 1);
    assert_eq!(standin.invalidations("E1")[0].calls, 2);
    // The batch is a list: the same items in another order are another batch.
    assert_eq!(create(&standin, "r", &["/b", "/a"]).send().status, 400);
}

#[test]
fn a_reference_used_again_for_other_paths_is_refused() {
    let standin = standin();
    create(&standin, "r", &["/a"]).send();
    let reply = create(&standin, "r", &["/b"]).send();
    assert_eq!(
        (reply.status, reply.element("Code")),
        (400, "InvalidArgument")
    );
    assert_eq!(reply.element("Message"), USED);
    assert_eq!(reply.element("Type"), "Sender");
    assert_eq!(
        Some(reply.element("RequestId")),
        reply.header("x-amzn-requestid")
    );
    standin.set_reference_conflict(ReferenceConflict::InvalidationBatchAlreadyExists);
    let reply = create(&standin, "r", &["/b"]).send();
    assert_eq!(
        (reply.status, reply.element("Code")),
        (409, "InvalidationBatchAlreadyExists")
    );
    assert_eq!(standin.billed_paths("E1"), 1);
}

#[test]
fn refusals() {
    let standin = standin();
    let url = "/2020-05-31/distribution/E1/invalidation";
    let whole = batch("r", &["/a"]);
    for (path, body, status, code) in [
        (url, String::new(), 400, "MissingBody"),
        (url, "nonsense".to_owned(), 400, "MalformedInput"),
        (
            url,
            whole.replace("InvalidationBatch", "Other"),
            400,
            "MalformedInput",
        ),
        (
            url,
            whole.replace(">1<", ">2<"),
            400,
            "InconsistentQuantities",
        ),
        (url, batch("r", &[]), 400, "InvalidArgument"),
        (url, batch("r", &["/a", "/~"]), 400, "InvalidArgument"),
        (url, batch("r", &["#tag"]), 400, "InvalidArgument"),
        (url, batch("r", &vec!["/a"; 3_001]), 413, "BatchTooLarge"),
        (
            url,
            batch("r", &["/*"; 16]),
            400,
            "TooManyInvalidationsInProgress",
        ),
        (
            "/2020-05-31/distribution/E9/invalidation",
            whole,
            404,
            "NoSuchDistribution",
        ),
    ] {
        let reply = request(&standin, "POST", path).body(body).send();
        assert_eq!((reply.status, reply.element("Code")), (status, code));
    }
    let reply = get(&standin, &format!("{url}/I9"));
    assert_eq!(
        (reply.status, reply.element("Code")),
        (404, "NoSuchInvalidation")
    );
    assert_eq!(standin.billed_paths("E1"), 0);
}

#[test]
fn quotas_count_files_and_wildcards_apart_and_free_up() {
    let standin = Standin::start(Config::new().distribution("E1").distribution("E2"));
    standin.set_completion(Completion::OnDemand);
    standin.set_quotas(Quotas {
        files_in_progress: 3,
        wildcards_in_progress: 1,
        ..Quotas::default()
    });
    assert_eq!(
        create(&standin, "1", &["/a", "/b", "/x*"]).send().status,
        201
    );
    let reply = create(&standin, "2", &["/y*"]).send();
    assert_eq!(reply.element("Code"), "TooManyInvalidationsInProgress");
    assert!(reply.element("Message").contains("wildcard"));
    assert_eq!(create(&standin, "3", &["/c"]).send().status, 201);
    assert_eq!(create(&standin, "4", &["/d"]).send().status, 400);
    // A used reference makes nothing new, so it needs no quota.
    assert_eq!(create(&standin, "3", &["/c"]).send().status, 201);
    let other = request(&standin, "POST", "/2020-05-31/distribution/E2/invalidation");
    assert_eq!(other.body(batch("5", &["/y*"])).send().status, 201);
    let first = standin.invalidations("E1")[0].id.clone();
    assert!(standin.complete(&first));
    assert!(!standin.complete(&first));
    assert_eq!(create(&standin, "2", &["/y*"]).send().status, 201);
}

#[test]
fn invalidations_complete_when_their_time_has_come() {
    let config = Config::new().distribution("E1").manual_clock();
    let standin = Standin::start(config.complete_after(Duration::from_secs(20)));
    let created = create(&standin, "1", &["/a"]).send();
    let path = format!(
        "/2020-05-31/distribution/E1/invalidation/{}",
        created.element("Id")
    );
    standin.advance_clock(Duration::from_millis(19_999));
    assert_eq!(get(&standin, &path).element("Status"), "InProgress");
    standin.advance_clock(Duration::from_millis(1));
    let reply = get(&standin, &path);
    assert_eq!((reply.status, reply.element("Status")), (200, "Completed"));
    assert_eq!(standin.invalidations("E1")[0].status, Status::Completed);
}

#[test]
fn skews_show_in_date_and_create_time() {
    let standin = Standin::start(Config::new().distribution("E1").manual_clock());
    let before = create(&standin, "1", &["/a"]).send();
    standin.set_clock_skew(-600);
    standin.set_create_time_skew(-3_600);
    let after = create(&standin, "2", &["/a"]).send();
    let [first, second] = &standin.invalidations("E1")[..] else {
        panic!("there are two");
    };
    let apart = first.create_time.duration_since(second.create_time);
    assert_eq!(apart.ok(), Some(Duration::from_mins(70)));
    assert_ne!(before.header("date"), after.header("date"));
}

#[test]
fn lists_come_in_pages_the_newest_first() {
    let standin = standin();
    for reference in ["1", "2", "3"] {
        create(&standin, reference, &["/a"]).send();
    }
    let ids: Vec<String> = standin
        .invalidations("E1")
        .into_iter()
        .map(|each| each.id)
        .collect();
    let url = "/2020-05-31/distribution/E1/invalidation?MaxItems=2";
    let page = get(&standin, url);
    assert_eq!(page.element("IsTruncated"), "true");
    assert_eq!(page.element("Quantity"), "2");
    assert_eq!(page.element("Id"), ids[2]);
    assert_eq!(page.element("NextMarker"), ids[1]);
    let last = get(&standin, &format!("{url}&Marker={}", ids[1]));
    assert_eq!(last.element("IsTruncated"), "false");
    assert_eq!(last.element("Id"), ids[0]);
    assert!(!last.text().contains("NextMarker"));
    for wrong in ["MaxItems=0", "MaxItems=x", "Marker=I9"] {
        let path = format!("/2020-05-31/distribution/E1/invalidation?{wrong}");
        assert_eq!(get(&standin, &path).status, 400, "{wrong}");
    }
}

#[test]
fn distributions_are_listed_with_their_aliases() {
    let standin = standin();
    standin.add_distribution(Distribution::new("E2").alias("www.example.com"));
    let page = get(&standin, "/2020-05-31/distribution?MaxItems=1");
    assert_eq!(page.element("Id"), "E1");
    assert_eq!(page.element("Aliases"), "<Quantity>0</Quantity>");
    let page = get(&standin, "/2020-05-31/distribution?MaxItems=1&Marker=E1");
    assert_eq!(page.element("CNAME"), "www.example.com");
    assert_eq!(page.element("DomainName"), "de2.cloudfront.net");
}

#[test]
fn tenants_have_invalidations_and_caches_of_their_own() {
    let tenant = Tenant::new("dt_1", "E1").domain("shop.example.com");
    let standin = Standin::start(Config::new().distribution("E1").tenant(tenant));
    for target in ["E1", "dt_1"] {
        standin.set_origin_file(target, "a", "a");
        standin.warm_all(target, &[]);
    }
    let url = "/2020-05-31/distribution-tenant/dt_1/invalidation";
    let reply = request(&standin, "POST", url)
        .body(batch("r", &["/*"]))
        .send();
    assert_eq!(reply.status, 201);
    let location = reply.header("location").expect("a location");
    assert!(
        location.contains("/distribution-tenant/dt_1/invalidation/"),
        "{location}"
    );
    assert!(standin.cached_urls("dt_1").is_empty());
    assert_eq!(standin.cached_urls("E1").len(), 1);
    let read = get(&standin, &format!("{url}/{}", reply.element("Id")));
    assert_eq!(read.element("CallerReference"), "r");
    assert_eq!(get(&standin, url).element("Quantity"), "1");
    // An id of one kind is none of the other.
    let wrong = request(
        &standin,
        "POST",
        "/2020-05-31/distribution/dt_1/invalidation",
    );
    assert_eq!(
        wrong.body(batch("r", &["/*"])).send().element("Code"),
        "NoSuchDistribution"
    );
    let wrong = "/2020-05-31/distribution-tenant/E1/invalidation";
    assert_eq!(get(&standin, wrong).element("Code"), "EntityNotFound");
    let by_domain = "/2020-05-31/distribution-tenant?domain=Shop.example.com";
    assert_eq!(get(&standin, by_domain).element("Id"), "dt_1");
    let unknown = "/2020-05-31/distribution-tenant?domain=example.com";
    assert_eq!(get(&standin, unknown).status, 404);
    let list = request(&standin, "POST", "/2020-05-31/distribution-tenants").send();
    assert_eq!(list.element("DistributionId"), "E1");
}

#[test]
fn tags_are_accepted_where_the_distribution_has_them() {
    let standin = Standin::start(Config::new().distribution(Distribution::new("E1").cache_tags()));
    standin.with_edge("E1", |edge| {
        edge.set_tagged_origin_file("a", "a", &["blog"]);
        edge.set_origin_file("b", "b");
        edge.warm_all([""; 0]);
    });
    assert_eq!(create(&standin, "r", &["#Blog"]).send().status, 201);
    assert_eq!(standin.cached_urls("E1"), ["/b".into()]);
}

#[test]
fn requests_are_logged_with_what_became_of_them() {
    let standin = standin();
    let reply = create(&standin, "r", &["/a"])
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/cloudfront/aws4_request, Signature=0",
        )
        .send();
    get(&standin, "/2020-05-31/distribution");
    let [request] = &standin.requests_of(Operation::CreateInvalidation)[..] else {
        panic!("one such request");
    };
    assert_eq!(request.target, "E1");
    assert_eq!(request.uri, "/2020-05-31/distribution/E1/invalidation");
    assert_eq!(request.body_text(), Some(&batch("r", &["/a"])[..]));
    assert_eq!((request.status, request.processed), (Some(201), true));
    assert_eq!(
        request.invalidation_id.as_deref(),
        Some(reply.element("Id"))
    );
    let scope = request.credential_scope().expect("a scope");
    assert_eq!(scope.region, "us-east-1");
    assert_eq!(standin.requests().len(), 2);
    standin.clear_requests();
    assert!(standin.requests().is_empty());
}

#[test]
fn unsigned_calls_can_be_refused() {
    let config = Config {
        require_authorization: true,
        ..Config::new().distribution("E1")
    };
    let standin = Standin::start(config);
    let reply = create(&standin, "r", &["/a"]).send();
    assert_eq!(
        (reply.status, reply.element("Code")),
        (403, "MissingAuthenticationToken")
    );
    assert!(standin.invalidations("E1").is_empty());
}
